-- Whoever decides and whoever proposed are the same person however often a shell said who it is.
create or replace function rate_person(name text) returns text language sql immutable as $$
    select lower(btrim(regexp_replace(name, '^(\s*command:)+', '', 'i')))
$$;

-- What waits for people at the table of leads: few rows of large tables.
create index lead_report_failed on lead_report (lead_id, id) where crm_state = 'failed';
create index lead_step_uncharged on lead_step (lead_id) where what = 'uncharged';
