"""vioBERT: Arabic medical masked language models, and a page to compare them."""
