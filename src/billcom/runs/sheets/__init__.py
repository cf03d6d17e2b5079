"""The sheets of a run's workbook, and the file they are written into."""
