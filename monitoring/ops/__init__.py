"""The pages for operators, and the public status page."""
