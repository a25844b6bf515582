"""What a list shows, as a file: the same rows, the same words, CSV or XLSX."""
