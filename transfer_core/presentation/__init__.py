"""What pages, the report and the command line all show, built once: figures, tables, marks and words. Pure."""
