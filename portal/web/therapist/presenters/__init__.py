"""Read models into what the templates print: words, dates, shapes. No query, no request body."""
