"""`make bench`: what flowc costs, beside Metaflow."""
