-- What waits for people at the table of leads: few rows of large tables.
create index lead_report_failed on lead_report (lead_id, id) where crm_state = 'failed';
create index lead_step_uncharged on lead_step (lead_id) where what = 'uncharged';
