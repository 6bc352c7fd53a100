"""Did adaptation help, where, by how much, and how sure are we?"""
