"""One file per page, or per group of pages that one person works with."""
