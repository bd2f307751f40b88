"""A working or a report as data, shown on a terminal, as a page, in print or in a notebook."""
