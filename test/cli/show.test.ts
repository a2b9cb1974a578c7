import { describe, expect, it } from 'vitest';
import type { PlanArgs } from '../../src/cli/args.ts';
import { scopeOf, upCommand } from '../../src/cli/show.ts';
import { refuseFindings } from '../../src/cli/up-run.ts';
import type { CheckName } from '../../src/model/preflight-checks.ts';
import { remedyFields } from '../../src/model/language/text.ts';

const args: PlanArgs = {
  ...{ inventory: 'my cluster.yaml', output: 'text', concurrency: 30, verbose: false, color: true },
  ...{
    bundle: [],
    'allow-unofficial': false,
    limit: [],
    'ignore-preflight': [],
    offline: false,
    'detailed-exitcode': false,
    deep: false,
  },
};

it.each([
  [{}, "kboot up 'my cluster.yaml'"],
  [{ limit: ['w-1', 'w-2'], until: 'runtime' }, "kboot up 'my cluster.yaml' --until runtime --limit w-1 w-2"],
  [
    { 'renew-certs': true, bundle: ['a b', 'c'] },
    "kboot up 'my cluster.yaml' --renew-certs --bundle 'a b' --bundle c",
  ],
  [{ 'renew-certs': true, out: 'p.json' }, "kboot up 'my cluster.yaml' --plan p.json"],
] as const)('the command that applies a plan of %j: %s', (more, command) => {
  expect(upCommand({ ...args, ...more } as PlanArgs)).toBe(command);
});

describe('--ignore-preflight', () => {
  const ignoring = (...checks: string[]) => scopeOf({ limit: [], 'ignore-preflight': checks });

  it('accepts the names of checks', () => {
    expect(ignoring('NumCPU', 'Port-6443', 'all').ignore).toEqual(['NumCPU', 'Port-6443', 'all']);
  });

  it.each([
    ['KubernetesVersion', /cannot be ignored, because Kubernetes does not support such a step/],
    ['ForeignCluster', /cannot be ignored, because kboot would destroy the other cluster/],
    ['NumCpu', /--ignore-preflight NumCpu: there is no such check; did you mean NumCPU\?$/],
    ['everything', /there is no such check$/],
    ['ComponentConfig', /only the inventory can ignore it, in spec\.preflight\.ignore$/],
  ])('refuses %s', (check, message) => {
    expect(() => ignoring('Mem', check)).toThrow(
      expect.objectContaining({ code: 'E-USAGE', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('lists the checks if one does not exist', () => {
    expect(() => ignoring('Nothing')).toThrow(
      expect.objectContaining({
        context: expect.objectContaining({
          remedy: expect.stringContaining('NumCPU, Mem') as unknown,
        }) as unknown,
      }),
    );
  });
});

describe('findings that are errors', () => {
  const refusing =
    (...checks: CheckName[]) =>
    (): void => {
      const finding = {
        level: 'error',
        host: 'w-1',
        message: '',
        ...remedyFields({ en: '', zh: '' }),
      } as const;
      refuseFindings(checks.map((check) => ({ ...finding, check })));
    };

  it.each([
    [['Mem', 'KubernetesVersion'], 'E-PREFLIGHT', /--ignore-preflight Mem \(/],
    [['KubernetesVersion'], 'E-PREFLIGHT', /^Fix the findings above\.$/],
    [['ForeignCluster', 'KubernetesVersion'], 'E-FOREIGN-CLUSTER', /^Fix the findings above\.$/],
  ] as const)('%j are refused, and only checks that can be ignored are offered', (checks, code, remedy) => {
    expect(refusing(...checks)).toThrow(
      expect.objectContaining({
        code,
        context: expect.objectContaining({ remedy: expect.stringMatching(remedy) as unknown }) as unknown,
      }),
    );
  });
});
