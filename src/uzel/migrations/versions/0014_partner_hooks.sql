-- Where a partner hears of what becomes of its payments: a connection for each book, with the address
-- and the secret that signs. What was told, when and how it ended are the connection's calls.

create table partner_hook (
    partner_id int not null references partner,
    book text not null check (book in ('live', 'test')),
    connection_id int not null unique references connection,
    created_at timestamptz not null default now(),
    primary key (partner_id, book)
);
