-- The route of a message as it was when it was planned, on the first of its chain: {"ways":
-- [{"channel", "closed"}]}, in order; `closed` is the reason why the way was none for this guest.
alter table message add column route jsonb;
