-- Answers that are old enough are forgotten, oldest first.
create index partner_request_age on partner_request (created_at);
