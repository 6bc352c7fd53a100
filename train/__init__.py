"""The verbs: everything that makes models. May import ``viobert``; is never imported by it."""
