"""The only room that knows Flask: guards, errors, filters, and one package for each audience."""
