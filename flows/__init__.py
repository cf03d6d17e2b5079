"""Business processes: order, branches, totals. No HTTP and no file is read here."""
