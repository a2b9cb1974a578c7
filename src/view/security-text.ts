import pc from 'picocolors';
import { plural } from '../model/plural.ts';
import type { Security } from '../model/security.ts';
import { securityChecks, type SecurityCheck, type SecurityResult } from '../verify/security/types.ts';
import { view } from './printable.ts';
import { table } from './table.ts';

const titles: Readonly<Record<SecurityCheck, string>> = {
  audit: 'Requests are logged',
  encryption: 'Secrets are encrypted in etcd',
  'pod-security': 'Privileged Pods are refused',
  anonymous: 'Anonymous requests are refused',
  tls: 'Weak TLS is refused',
  profiling: 'Profiling is off',
  'token-lifetime': 'Tokens are bounded',
  'token-extension': 'Tokens of Pods end after an hour',
  'bootstrap-token': 'Bootstrap tokens are refused',
  'event-rate-limit': 'Events are bounded',
  'kubelet-certificate': "Kubelet certificates are of the cluster's CA",
  'kubelet-anonymous': 'Kubelets refuse anonymous requests',
  'kubelet-read-only-port': 'Kubelets have no read-only port',
  'etcd-client-certificate': 'etcd wants client certificates',
  'network-policy': 'NetworkPolicies are enforced',
};

/** The report for people: a line per check, then what is not as promised. */
export const securityText = view(composed);

function composed(
  results: readonly SecurityResult[],
  { profile }: Security,
  { verbose }: { readonly verbose: boolean },
): string {
  const rows = securityChecks.flatMap((check) => {
    const own = results.filter((each) => each.check === check);
    const [first] = own;
    if (first === undefined) return [];
    const passed = own.filter(({ ok }) => ok).length;
    const promised = own.some((each) => each.promised);
    const mark = passed === own.length ? pc.green('✓') : promised ? pc.red('✗') : '·';
    const shown = promised ? `${passed}/${own.length}` : 'not asked for';
    const found = (own.find(({ ok }) => !ok) ?? first).found;
    return [{ mark, cells: [titles[check], shown, found] }];
  });
  const [head = '', ...body] = table([['check', 'passed', ''], ...rows.map(({ cells }) => cells)]).split(
    '\n',
  );
  const told = results.filter(({ ok, promised }) => verbose || (promised && !ok));
  const wrong = results.filter(({ ok, promised }) => promised && !ok).length;
  return [
    `${pc.bold('security profile')} ${profile}`,
    '',
    `  ${head}`,
    ...body.map((line, index) => `${rows[index]?.mark ?? ' '} ${line}`),
    '',
    ...told.map(({ check, on, found, ok }) => `${ok ? '✓' : '✗'} ${titles[check]}, ${on}: ${found}`),
    ...(told.length > 0 ? [''] : []),
    wrong === 0
      ? `Everything that the profile promises is served.`
      : `${plural(wrong, 'check')} failed: \`kboot plan INVENTORY\` shows whether hosts differ from the inventory.`,
  ].join('\n');
}
