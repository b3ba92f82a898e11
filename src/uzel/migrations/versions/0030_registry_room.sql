-- What a record is looked for by: words of names, e-mail, ИНН and ОГРН, each to be found by its
-- beginning; phones as `+` and digits, and as `~` and the digits backwards, to be found by their end.
-- See views/registry_words.py, which asks in the same words.
create function crm_words(folded jsonb) returns tsvector
language sql immutable parallel safe cost 1000 as $$
    with said as (
        select key, translate(value, 'ё', 'е') as value from jsonb_each_text(folded)
    ), digits as (
        select case when length(bare) = 11 and bare like '8%' then '7' || substr(bare, 2)
                    when length(bare) = 10 then '7' || bare else left(bare, 20) end as bare
          from (select regexp_replace(value, '[^0-9]', '', 'g') as bare from said
                 where key in ('phone', 'mobile', 'homephone', 'otherphone', 'fax')) d
         where bare <> ''
    ), named as (
        select value from said where key in (
            'firstname', 'lastname', 'cf_contacts_secondname', 'accountname', 'projectname',
            'notes_title', 'company', 'email', 'secondaryemail', 'email1', 'email2', 'inn',
            'cf_contacts_inn', 'cf_accounts_ogrn')
    ), word as (
        select regexp_split_to_table(value, '[ \t\n\r,;:()"«»„“/\\|<>]+') as one from named
        union all select regexp_split_to_table(value, '[ \t\n\r,;:()"«»„“/\\|<>.@_-]+') from named
        union all select '+' || bare from digits
        union all select '~' || reverse(bare) from digits
    )
    select array_to_tsvector(coalesce(array_agg(distinct left(one, 60)), '{}'))
      from word where one <> ''
$$;
create index crm_record_words on crm_record using gin (crm_words(folded)) where deleted_at is null;

create index crm_record_doubtful on crm_record (business_id, module, id)
    where deleted_at is null and doubts <> '[]';
create index crm_record_merged on crm_record (merged_into) where merged_into is not null;

-- What else is known of a person, by phone and e-mail.
create index on claim (phone, id) where phone is not null;
create index on payout (phone, id) where phone is not null;
create index on lead_report (lower(email), id) where email is not null;
create index on review_request (phone, id) where phone is not null;
create index on review_request (lower(email), id) where email is not null;
