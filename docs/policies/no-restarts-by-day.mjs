#!/usr/bin/env node
// A policy for plans: no component of a control plane restarts from 7:00 to 19:00.
//   kboot plan cluster.yaml -o json | node docs/policies/no-restarts-by-day.mjs
// Exits with 1 and lists the components where the plan violates it. Pass [HOUR] to override the current hour.
import { createInterface } from 'node:readline';

const hour = Number(process.argv[2] ?? new Date().getHours());
const byDay = hour >= 7 && hour < 19;
const refused = [];
for await (const line of createInterface({ input: process.stdin })) {
  const { type, plan } = JSON.parse(line);
  if (type !== 'plan') continue;
  const planes = plan.hosts.filter(({ roles }) => roles.includes('control-plane')).map(({ name }) => name);
  const tasks = plan.phases.flatMap(({ batches }) => batches).flatMap((batch) => batch.tasks);
  for (const { on, steps, rollback = [] } of tasks) {
    if (!planes.includes(on.host)) continue;
    for (const { component, kind } of [...steps, ...rollback].flatMap(({ effects }) => effects))
      if (kind === 'restart' || kind === 'stop') refused.push(`${on.host}: ${component}, ${kind}`);
  }
}
if (byDay && refused.length > 0) {
  const list = [...new Set(refused)].join('\n  ');
  console.error(`no restarts on a control plane before 19 o'clock:\n  ${list}`);
  process.exitCode = 1;
}
