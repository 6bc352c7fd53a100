"""What the project gives to the Hub: a model with its card, and the page as a Space."""
