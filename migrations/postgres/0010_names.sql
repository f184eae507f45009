-- The names of the program: a run of a printer, the reason for overriding its objections, and the state reasons that an
-- operator declared to be over.
ALTER TABLE attempt RENAME COLUMN boot TO printer_run;
ALTER TABLE attempt_archive RENAME COLUMN boot TO printer_run;
ALTER TABLE printer RENAME COLUMN insisted TO override_reason;
ALTER TABLE printer RENAME COLUMN vouched TO acknowledged_reasons;
