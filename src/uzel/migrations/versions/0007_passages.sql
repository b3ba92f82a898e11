-- The requests of the last moments to providers that block who sends too many in a second; see
-- calls/window.py. A database that crashed needs longer to come back than the window is wide, so
-- nothing is written ahead for it.
create unlogged table passage (
    id bigint generated always as identity primary key,
    connection_id int not null references connection on delete cascade,
    sent_at timestamptz not null default clock_timestamp(),
    -- The latest moment at which it can have arrived, once it was answered.
    latest_at timestamptz
);
create index on passage (connection_id);
