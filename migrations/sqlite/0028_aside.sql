-- The index that PostgreSQL gets here is in `0009_second_person.sql`.
SELECT 1;
