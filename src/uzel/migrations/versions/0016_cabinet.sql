-- Who is signed in to the partners' cabinet: by a token of the API, and as long as it lives.

create table partner_session (
    -- SHA-256 of what the cookie holds.
    token_hash bytea primary key,
    partner_token_id int not null references partner_token on delete cascade,
    -- Comes with every form.
    csrf text not null,
    created_at timestamptz not null default now(),
    -- To the minute.
    seen_at timestamptz not null default now()
);
create index on partner_session (seen_at);

-- The last days of one partner, however many there were before.
create index payment_of_partner_at on payment (partner_id, book, created_at);
