"""A file a form: terminal, page, LaTeX, Typst, Markdown, JSON. Each prints a document, and knows nothing else."""
