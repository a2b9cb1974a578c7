import { expect, it } from 'vitest';
import type { PlanArgs } from '../../src/cli/args.ts';
import { upCommand } from '../../src/cli/show.ts';

const args: PlanArgs = {
  ...{ inventory: 'my cluster.yaml', output: 'text', concurrency: 30, verbose: false, color: true },
  ...{ limit: [], 'ignore-preflight': [], offline: false, 'detailed-exitcode': false },
};

it.each([
  [{}, "kboot up 'my cluster.yaml'"],
  [{ limit: ['w-1', 'w-2'], until: 'runtime' }, "kboot up 'my cluster.yaml' --until runtime --limit w-1 w-2"],
  [{ 'renew-certs': true, bundle: 'b' }, "kboot up 'my cluster.yaml' --renew-certs --bundle b"],
  [{ 'renew-certs': true, out: 'p.json' }, "kboot up 'my cluster.yaml' --plan p.json"],
] as const)('what carries out a plan of %j: %s', (more, command) => {
  expect(upCommand({ ...args, ...more } as PlanArgs)).toBe(command);
});
