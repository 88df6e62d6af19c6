"""Text that is still being written, spoken as it comes."""
