-- Prefect's own database, beside the journal's.
CREATE DATABASE prefect OWNER billcom;
