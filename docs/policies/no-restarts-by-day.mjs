#!/usr/bin/env node
// A policy for plans: no restarts of a control plane from 7:00 to 19:00.
//   kboot plan cluster.yaml -o json | node docs/policies/no-restarts-by-day.mjs
// Exits with 1 and lists the steps if the plan violates it. Pass [HOUR] to override the current hour.
import { createInterface } from 'node:readline';

const hour = Number(process.argv[2] ?? new Date().getHours());
const byDay = hour >= 7 && hour < 19;
const refused = [];
for await (const line of createInterface({ input: process.stdin })) {
  const { type, plan } = JSON.parse(line);
  if (type !== 'plan') continue;
  const planes = plan.hosts.filter(({ roles }) => roles.includes('control-plane')).map(({ name }) => name);
  for (const { verb, host, resource } of plan.hostSteps) {
    const restarts = verb === 'restart' || (verb === 'update' && resource.startsWith('static-pod '));
    if (restarts && planes.includes(host)) refused.push(`${host}: ${resource}`);
  }
}
if (byDay && refused.length > 0) {
  console.error(`no restarts on a control plane before 19 o'clock:\n  ${refused.join('\n  ')}`);
  process.exitCode = 1;
}
