//! The step on PostgreSQL: one statement that contains the others. Its parts see the database as it was before, so that the guards
//! exclude that two of them change the same row, and that an attempt begins for a record that is printed just now.

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::change::{Changed, Step};
use crate::{
    domain::id::{AttemptKey, JobId},
    store::{Begun, attempt::begin, rows::column},
};

/// The arguments: $1 now; $2 to $7 attempt, job, record, batch, lot and place of each good card; $8 to $11 lot, account, place
/// and change of each balance; $12 to $18 name, job, version, printer, state, impressions and uncounted cards of each attempt to begin;
/// $19 the node, $20 the owner of these; $21 the actor's name, $22 the actor's account, $23 the actor's means.
const STEP: &str = concat!(
    "
    WITH good AS (
        SELECT * FROM unnest($2, $3, $4, $5, $6, $7) AS v (attempt, job, record, batch, lot, place)
    ), ended AS (
        UPDATE attempt SET state = 'printed', reason = NULL, note = NULL, inspected = false, ended_at_us = $1
        FROM good WHERE attempt.id = good.attempt AND attempt.state = 'releasing' RETURNING 1
    ), done AS (
        UPDATE job SET state = 'printed' FROM good
        WHERE job.id = good.job AND job.state = 'printing' AND job.record_id = good.record AND job.batch_id = good.batch
          AND job.lot_id = good.lot
        RETURNING 1
    ), printed AS (
        UPDATE record SET state = 'printed', reason = NULL, note = NULL FROM good
        WHERE record.id = good.record AND record.state = 'batched'
        RETURNING profile, district, stop IS NOT NULL AS stopped
    ), moved AS (
        INSERT INTO movement (at_us, lot_id, from_account, from_place, to_account, to_place, quantity, cause, batch_id,
                              attempt_id, actor, account, means)
        SELECT $1, lot, 'reserved', place, 'printed', '', 1, 'printed', batch, attempt, $21, $22, $23 FROM good RETURNING 1
    ), balanced AS (
        UPDATE balance SET quantity = quantity + v.change
        FROM unnest($8, $9, $10, $11) AS v (lot, account, place, change)
        WHERE balance.lot_id = v.lot AND balance.account = v.account AND balance.place = v.place RETURNING 1
    ), begun AS (",
    begin!(
        "SELECT * FROM unnest($12, $13, $14, $15, $16, $17, $18)
             AS e (name, job, version, printer, state, impressions, uncounted)
         WHERE e.job NOT IN (SELECT job.id FROM good CROSS JOIN job WHERE job.record_id = good.record)",
        "$1",
        "$19",
        "$20"
    ),
    "), printing AS (
        UPDATE job SET state = 'printing' FROM begun WHERE job.id = begun.job_id AND job.state = 'queued' RETURNING 1
    )
    SELECT 'attempts', COUNT(*), CAST(NULL AS TEXT), CAST(NULL AS TEXT), CAST(NULL AS BOOLEAN), CAST(NULL AS BIGINT) FROM ended
    UNION ALL SELECT 'jobs', COUNT(*), NULL, NULL, NULL, NULL FROM done
    UNION ALL SELECT 'movements', COUNT(*), NULL, NULL, NULL, NULL FROM moved
    UNION ALL SELECT 'balances', COUNT(*), NULL, NULL, NULL, NULL FROM balanced
    UNION ALL SELECT 'printing', COUNT(*), NULL, NULL, NULL, NULL FROM printing
    UNION ALL SELECT 'records', COUNT(*), profile, district, stopped, NULL FROM printed GROUP BY profile, district, stopped
    UNION ALL SELECT 'begun', job_id, NULL, NULL, NULL, id FROM begun"
);

pub(super) async fn run(connection: &mut PgConnection, step: &Step<'_>) -> Result<Changed, sqlx::Error> {
    let Step { good, balances, begins, .. } = step;
    let (actor, account, means) = step.actor;
    let query = sqlx::query(STEP).bind(step.now_us);
    let query = query
        .bind(column(good, |card| card.attempt.0))
        .bind(column(good, |card| card.job.0))
        .bind(column(good, |card| card.record.0))
        .bind(column(good, |card| card.batch.0))
        .bind(column(good, |card| card.lot.0))
        .bind(column(good, |card| card.place.as_str()));
    let query = query
        .bind(column(balances, |balance| balance.0))
        .bind(column(balances, |balance| balance.1))
        .bind(column(balances, |balance| balance.2.as_str()))
        .bind(column(balances, |balance| balance.3));
    let query = query
        .bind(column(begins, |counted| counted.begin.name.as_str()))
        .bind(column(begins, |counted| counted.begin.job.0))
        .bind(column(begins, |counted| counted.begin.record_version))
        .bind(column(begins, |counted| counted.begin.printer.as_str()))
        .bind(column(begins, |counted| counted.begin.state()))
        .bind(column(begins, |counted| i64::from(counted.begin.impressions)))
        .bind(column(begins, |counted| counted.uncounted));
    let query = query.bind(step.node).bind(step.owner).bind(actor).bind(account).bind(means);
    let mut changed = Changed::default();
    for row in query.fetch_all(connection).await? {
        add(&mut changed, &row)?;
    }
    Ok(changed)
}

fn add(changed: &mut Changed, row: &PgRow) -> Result<(), sqlx::Error> {
    let number: i64 = row.try_get(1)?;
    let field = match row.try_get(0)? {
        "attempts" => &mut changed.attempts,
        "jobs" => &mut changed.jobs,
        "movements" => &mut changed.movements,
        "balances" => &mut changed.balances,
        "printing" => &mut changed.printing,
        "records" => {
            changed.records.push((row.try_get(2)?, row.try_get(3)?, row.try_get(4)?, number));
            return Ok(());
        }
        _ => {
            changed.begun.push(Begun { job: JobId(number), key: AttemptKey(row.try_get(5)?) });
            return Ok(());
        }
    };
    *field = number.unsigned_abs();
    Ok(())
}
