// graphile-worker at its best, as its own performance test sets it up: a local queue of 500, completions in batches, jobs that
// do nothing, or that keep the books of a card with one call of the database for each of its two commits. The
// benchmark copies this file into the folder where npm installed it, and runs
//
//   node graphile_worker.mjs prepare URL            makes its schema
//   node graphile_worker.mjs prepareCards URL CARDS makes its schema, and the books of so many cards and blanks
//   node graphile_worker.mjs enqueue URL JOBS       adds jobs that do nothing with one statement
//   node graphile_worker.mjs enqueueCards URL JOBS  the same with jobs that print a card
//   node graphile_worker.mjs work URL CONCURRENCY   says `ready`, waits for a line, works until nothing is left
//   node graphile_worker.mjs wake URL TIMES         adds one job at a time to an idle queue
//
// Each prints one line of JSON at its end: milliseconds, jobs done, and the most memory that it ever had.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { Logger, runMigrations, runOnce, runTaskList } from "graphile-worker";
import pg from "pg";

const [act, connectionString, argument] = process.argv.slice(2);
const count = Number(argument ?? 0);
const logger = new Logger(() => () => {});
const connect = (max) => new pg.Pool({ connectionString, max }).on("error", fail).on("connect", (c) => c.on("error", fail));
const fail = (error) => {
  throw error;
};
const ADD = `select 1 from graphile_worker.add_jobs(
  array(select json_populate_recordset(null::graphile_worker.job_spec, $1::json)))`;

async function enqueue(identifier) {
  const pool = connect(11);
  await pool.query("select 1"); // connected
  const jobs = JSON.stringify(Array.from({ length: count }, (_, at) => ({ identifier, payload: { id: at + 1 } })));
  const began = performance.now();
  await pool.query(ADD, [jobs]);
  const ms = performance.now() - began;
  await pool.end();
  return { ms };
}

const acts = {
  async prepare() {
    await runMigrations({ connectionString, logger });
    return {};
  },

  async prepareCards() {
    await acts.prepare();
    const pool = connect(1);
    await pool.query(readFileSync("graphile_cards.sql", "utf8"));
    await pool.query("insert into record select id, 'waiting' from generate_series(1, $1::bigint) as id", [count]);
    await pool.query(`insert into balance select account, shard,
      case account when 'vault' then (select count(*) from record where id % 64 = shard) else 0 end
      from unnest(array['vault', 'reserved', 'printed']) as account, generate_series(0, 63) as shard`);
    await pool.query("vacuum analyze");
    await pool.end();
    return {};
  },

  enqueue: () => enqueue("nothing"),
  enqueueCards: () => enqueue("card"),
  async work() {
    let jobs = 0;
    const pool = connect(count + 1);
    await pool.query("select 1");
    const worker = {
      concurrentJobs: count,
      maxPoolSize: count + 1,
      localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger,
    };
    console.log("ready");
    await once(process.stdin, "data");
    process.stdin.destroy();
    const began = performance.now();
    const query = (name, text, values) => pool.query({ name, text, values });
    const card = async ({ id }) => {
      const begun = await query("begin", "select begin_card($1) as attempt", [id]);
      await query("end", "select end_card($1, $2)", [id, begun.rows[0].attempt]);
      jobs++;
    };
    await runOnce({ preset: { worker }, pgPool: pool, logger, taskList: { nothing: () => void jobs++, card } });
    const ms = performance.now() - began;
    await pool.end();
    return { ms, jobs };
  },

  async wake() {
    const pool = connect(11);
    let started;
    const tasks = { nothing: () => started(performance.now()) };
    const workers = runTaskList({ preset: { worker: { concurrentJobs: 10, logger } }, pgPool: pool, logger }, tasks, pool);
    const client = await pool.connect();
    const all = [];
    for (let id = 0; id < count + 20; id++) {
      const start = new Promise((resolve) => (started = resolve));
      const began = performance.now();
      await client.query(ADD, [JSON.stringify([{ identifier: "nothing", payload: { id } }])]);
      const at = await start;
      // The first ones fill caches.
      if (id >= 20) all.push(at - began);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    client.release();
    await workers.gracefulShutdown();
    await pool.end();
    return { all };
  },
};

const done = await acts[act]();
// Of this program alone: what getrusage says may be what its parent had when it was started.
const [, memory_kb] = readFileSync("/proc/self/status", "utf8").match(/^VmHWM:\s+(\d+) kB$/m);
console.log(JSON.stringify({ ...done, memory_mb: Number(memory_kb) / 1024 }));
