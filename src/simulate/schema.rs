//! The tables of an era as SQL, for a database that shall hold a simulated fleet.
//!
//! From `domain/orchestrator.md` section 1 and `domain/worker-app.md` section 1: column types, defaults
//! and the checks that production kept; no triggers, functions or policies.

use crate::simulate::plan::Era;

/// Statements that create the tables of an era in an empty schema.
pub fn schema(era: Era) -> String {
    let since =
        |first: Era, text: &str| if era >= first { text.to_string() } else { String::new() };
    // nullable and without a default, and an array, since 2026-01-21
    let (beat, dependency) =
        if era < Era::E12 { (" default now()", "uuid") } else { ("", "uuid[]") };
    TABLES
        .replace("{beat}", beat)
        .replace("{dependency}", dependency)
        .replace("{model}", &since(Era::E6, ",\n    current_model text"))
        .replace("{idempotency}", &since(Era::E12, ",\n    idempotency_key text"))
}

const TABLES: &str = "
create type task_status as enum ('Queued', 'In Progress', 'Complete', 'Failed', 'Cancelled');
create table system_logs (
    id uuid primary key default gen_random_uuid(),
    timestamp timestamptz not null default now(),
    source_type text not null,
    source_id text not null,
    log_level text not null
        check (log_level in ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')),
    message text not null,
    task_id uuid,
    worker_id text,
    cycle_number integer,
    metadata jsonb default '{}'
);
create index on system_logs (timestamp desc);
create index on system_logs (source_type, source_id, timestamp desc);
create table workers (
    id text primary key,
    instance_type text not null,
    created_at timestamptz not null default now(),
    last_heartbeat timestamptz{beat},
    status text not null default 'active',
    metadata jsonb default '{}'{model}
);
create table task_types (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    run_type text not null,
    category text not null,
    display_name text,
    is_active boolean default true,
    created_at timestamptz default now(),
    content_type text
);
create table tasks (
    id uuid primary key default gen_random_uuid(),
    task_type text not null,
    params jsonb not null,
    status task_status not null default 'Queued',
    dependant_on {dependency},
    output_location text,
    created_at timestamptz not null default now(),
    updated_at timestamptz,
    project_id uuid not null,
    generation_processed_at timestamptz,
    generation_started_at timestamptz,
    worker_id text,
    generation_created boolean not null default false,
    attempts integer not null default 0,
    error_message text,
    result_data jsonb default '{}',
    copied_from_share text{idempotency}
);
create index on tasks (status, created_at);
create table generations (
    id uuid primary key default gen_random_uuid(),
    tasks jsonb,
    params jsonb,
    location text,
    type text,
    created_at timestamptz not null default now(),
    updated_at timestamptz,
    project_id uuid not null,
    starred boolean not null default false,
    thumbnail_url text,
    name text,
    based_on uuid,
    copied_from_share text
);
create table generation_variants (
    id uuid primary key default gen_random_uuid(),
    generation_id uuid not null references generations (id) on delete cascade,
    location text not null,
    thumbnail_url text,
    params jsonb,
    is_primary boolean,
    variant_type text,
    name text,
    created_at timestamptz not null default now(),
    project_id uuid
);
";
