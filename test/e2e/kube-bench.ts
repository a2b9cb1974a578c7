import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { output } from '../lab/traces.ts';
import type { Site } from '../lab/kboot.ts';

/** kube-bench's program, with its folder `cfg` beside it. */
const program = process.env['KBOOT_KUBE_BENCH'] ?? '';

export const hasKubeBench = program !== '' && existsSync(program);

/** For the title of skipped tests. */
export const unlessKubeBench = hasKubeBench ? '' : ' [NOT RUN: KBOOT_KUBE_BENCH names no kube-bench]';

export type Target = 'master' | 'controlplane' | 'etcd' | 'node' | 'policies';

/** The result of one check of the CIS benchmark. */
export interface BenchCheck {
  readonly id: string;
  readonly text: string;
  readonly status: 'PASS' | 'FAIL' | 'WARN' | 'INFO';
  readonly actual: string;
}

interface Report {
  readonly Controls: readonly {
    readonly tests: readonly {
      readonly results: readonly {
        readonly test_number: string;
        readonly test_desc: string;
        readonly status: BenchCheck['status'];
        readonly actual_value?: string;
      }[];
    }[];
  }[];
}

/** The newest benchmark that kube-bench has for Kubernetes itself. */
const benchmark = 'cis-1.12';

/** Runs kube-bench on a host, as root; it leaves nothing there. */
export async function kubeBench(
  site: Site,
  host: string,
  targets: readonly Target[],
): Promise<readonly BenchCheck[]> {
  const folder = '/run/kube-bench';
  const copy = await site.lab.exec([
    ...[
      'sh',
      '-c',
      `tar -C ${dirname(program)} -c kube-bench cfg/config.yaml cfg/${benchmark} | "$@" 'mkdir -p ${folder} && tar -C ${folder} -x'`,
    ],
    ...['sh', ...site.lab.sshArgv(host)],
  ]);
  if (copy.exitCode !== 0) throw new Error(`copying kube-bench to ${host}: ${copy.stderr}`);
  const admin = '[ ! -f /etc/kubernetes/admin.conf ] || export KUBECONFIG=/etc/kubernetes/admin.conf';
  const text = await output(
    site.lab,
    host,
    `cd ${folder} && { ${admin}; } && ./kube-bench run --benchmark ${benchmark} --targets ${targets.join(',')} --json 2>${folder}/errors; rm -rf ${folder}`,
  );
  const { Controls } = JSON.parse(text) as Report;
  return Controls.flatMap(({ tests }) =>
    tests.flatMap(({ results }) =>
      results.map(({ test_number, test_desc, status, actual_value }) => ({
        ...{ id: test_number, text: test_desc, status, actual: (actual_value ?? '').trim() },
      })),
    ),
  );
}

/** `PASS 55, FAIL 3, WARN 12`, then what did not pass. */
export function summary(checks: readonly BenchCheck[]): string {
  const count = (status: BenchCheck['status']): number =>
    checks.filter((each) => each.status === status).length;
  const lines = checks
    .filter(({ status }) => status === 'FAIL' || status === 'WARN')
    .map(
      ({ status, id, text, actual }) =>
        `${status} ${id} ${text} [${actual.slice(0, 160).replaceAll('\n', ' ')}]`,
    );
  return [
    (['PASS', 'FAIL', 'WARN', 'INFO'] as const).map((each) => `${each} ${count(each)}`).join(', '),
    ...lines,
  ].join('\n');
}
