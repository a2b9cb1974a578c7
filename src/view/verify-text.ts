import { plural } from '../model/plural.ts';
import pc from 'picocolors';
import { familyName, type Family } from '../inventory/address.ts';
import { checkKinds, type CheckKind, type CheckResult, type VerifyReport } from '../verify/types.ts';
import { table } from './table.ts';
import { view } from './printable.ts';

const titles: Readonly<Record<CheckKind, string>> = {
  start: 'Pods start',
  'serving-certificate': 'Kubelet serving certificates',
  'pod-udp': 'Pod to Pod, UDP',
  'pod-tcp': 'Pod to Pod, TCP, 4 kB',
  dns: 'Cluster DNS',
  'cluster-ip': 'ClusterIP, UDP',
  'node-port': 'NodePort, TCP',
  'load-balancer': 'LoadBalancer, TCP',
  api: 'API at its endpoint',
  cleanup: 'Cleanup',
};

/** Groups of failures shown per kind; `--verbose` shows all. */
const shownGroups = 20;

/** Results of one kind and, if both families were checked, of one family. */
interface Row {
  readonly kind: CheckKind;
  readonly family: Family | undefined;
  readonly title: string;
  readonly results: readonly CheckResult[];
}

/** The report for people: a line per kind and family, then the failures and where to look next. */
export const verifyText = view(composeVerifyText);

function composeVerifyText(
  report: VerifyReport,
  options: { readonly verbose: boolean; readonly inventory: string },
): string {
  const kinds = rowsOf(report);
  const rows = kinds.map(({ title, results }) => {
    const passed = results.filter(({ ok }) => ok).length;
    const slowest = Math.max(...results.map(({ milliseconds }) => milliseconds));
    const mark = passed === results.length ? pc.green('✓') : pc.red('✗');
    return { mark, cells: [title, `${passed}/${results.length}`, duration(slowest), late(results)] };
  });
  const lines = table(
    [['check', 'passed', 'slowest', ''], ...rows.map(({ cells }) => cells)],
    new Set([1, 2]),
  );
  const [head = '', ...body] = lines.split('\n');
  const failures = kinds.filter(({ results }) => results.some(({ ok }) => !ok));
  return [
    `${pc.bold(report.cluster)} · Kubernetes ${report.kubernetesVersion} · ${plural(report.nodes, 'node')}`,
    '',
    `  ${head}`,
    ...body.map((line, index) => `${rows[index]?.mark ?? ' '} ${line}`),
    '',
    ...failures.flatMap((row) => [...failureLines(row, report, options.verbose), '']),
    ...report.notes,
    closing(report, options.inventory),
  ].join('\n');
}

function rowsOf({ results }: VerifyReport): readonly Row[] {
  const dualStack = new Set(results.flatMap(({ family }) => family ?? [])).size > 1;
  return checkKinds
    .flatMap((kind) =>
      ([undefined, 4, 6] as const).map((family) => ({
        kind,
        family,
        title: family === undefined || !dualStack ? titles[kind] : `${titles[kind]}, ${familyName(family)}`,
        results: results.filter((result) => result.kind === kind && result.family === family),
      })),
    )
    .filter((row) => row.results.length > 0);
}

function closing(report: VerifyReport, inventory: string): string {
  const wrong = report.results.filter(({ ok }) => !ok).length;
  const time = `${report.seconds.toFixed(1)} s`;
  if (report.interrupted)
    return `Interrupted after ${time}; the remaining checks were not run. \`kboot verify ${inventory}\` starts again.`;
  return wrong === 0
    ? pc.green(`All ${report.results.length} checks passed in ${time}.`)
    : pc.red(`${wrong} of ${report.results.length} checks failed in ${time}.`);
}

/** Checks that passed only on retry. */
function late(results: readonly CheckResult[]): string {
  const number = results.filter(({ ok, attempts }) => ok && attempts > 1).length;
  const first = results.find(({ ok, attempts }) => ok && attempts > 1);
  return number === 0 ? '' : `${number} only on retry: ${first?.why ?? ''}`;
}

function failureLines(row: Row, report: VerifyReport, verbose: boolean): string[] {
  const { kind, results, title } = row;
  const wrong = results.filter(({ ok }) => !ok);
  const common = kind === 'pod-udp' || kind === 'pod-tcp' ? commonNode(wrong) : undefined;
  const all = grouped(wrong);
  const shown = verbose ? all : all.slice(0, shownGroups);
  const rest = all.length - shown.length;
  return [
    `${pc.red('✗')} ${pc.bold(title)}: ${wrong.length} of ${results.length} failed${common === undefined ? '' : `; all of them involve ${common}`}`,
    `    asked  ${wrong[0]?.asked ?? ''}${wrong.length > 1 ? ', and others like it' : ''}`,
    ...shown.map(({ from, to, why }) => `    ${from.join(', ')} → ${to.join(', ')}: ${why}`),
    ...(rest > 0 ? [`    … and ${rest} more like these; --verbose shows all`] : []),
    ...lookAt(row, wrong, report).map((line) => pc.dim(`    look   ${line}`)),
  ];
}

interface Group {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly why: string;
}

/** Failures with the same reason in one line: merges the targets of one node, then nodes with the same targets. */
function grouped(wrong: readonly CheckResult[]): readonly Group[] {
  const byNode = new Map<string, { from: string; to: string[]; why: string }>();
  for (const { from, to, why = '' } of wrong) {
    const group = byNode.get(`${from}\n${why}`);
    if (group === undefined) byNode.set(`${from}\n${why}`, { from, to: [to], why });
    else group.to.push(to);
  }
  const byTarget = new Map<string, { from: string[]; to: string[]; why: string }>();
  for (const { from, to, why } of byNode.values()) {
    const key = [...to, why].join('\n');
    const group = byTarget.get(key);
    if (group === undefined) byTarget.set(key, { from: [from], to, why });
    else group.from.push(from);
  }
  return [...byTarget.values()];
}

/** The one node that is part of every failing pair, if there is exactly one. */
function commonNode(wrong: readonly CheckResult[]): string | undefined {
  const [first, ...more] = wrong;
  if (first === undefined || more.length === 0) return undefined;
  const both = [first.from, first.to].filter((name) =>
    more.every(({ from, to }) => from === name || to === name),
  );
  return both.length === 1 ? both[0] : undefined;
}

/** Where the cause most likely is. */
function lookAt(
  { kind, family, results }: Row,
  wrong: readonly CheckResult[],
  report: VerifyReport,
): string[] {
  const podsFail = report.results.some(
    (each) => each.kind.startsWith('pod-') && each.family === (family ?? each.family) && !each.ok,
  );
  const beforehand = podsFail ? ['at the failing Pod to Pod pairs first: this check depends on them'] : [];
  switch (kind) {
    case 'start':
      return [
        'kubectl get nodes; on the node: journalctl -u kubelet -u containerd; the CoreDNS image must be present: crictl images',
        report.backend === 'none'
          ? 'without a Pod network no Pod starts: look at the Pods of your CNI (spec.networking.cni is none)'
          : 'without a Pod network no Pod starts: kubectl -n kube-flannel get pods -o wide',
      ];
    case 'serving-certificate':
      return [
        'kubectl get csr; if a request is that of the node, kubectl certificate approve NAME; an approver such as kubelet-csr-approver does it for every node',
      ];
    case 'pod-udp':
    case 'pod-tcp':
      if (kind === 'pod-tcp' && podsPass(report, 'pod-udp', family))
        return [
          `small packets pass, large ones do not: the MTU of the network between the nodes (ip link; ${report.backend === 'none' ? 'the MTU that your CNI sets' : 'spec.networking.flannel.mtu'})`,
        ];
      return [
        `${report.backend === 'none' ? 'the Pods of your CNI' : 'kubectl -n kube-flannel get pods -o wide'}, and the log of the Pod on the nodes named above`,
        backendHint[report.backend],
        ...(family === 6 && report.results.some((each) => each.family === 4) && podsPass(report, kind, 4)
          ? ['IPv4 passes: the firewall must allow the same over IPv6']
          : []),
      ];
    case 'dns':
      return [...beforehand, 'kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide, and their logs'];
    case 'cluster-ip':
      return [
        ...beforehand,
        'kube-proxy on the source node: kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide, and its log',
      ];
    case 'node-port':
      return [
        ...beforehand,
        'kube-proxy on the target node, and a firewall that blocks TCP 30000-32767 on it',
      ];
    case 'load-balancer':
      return [
        ...beforehand,
        'kubectl -n metallb-system get pods -o wide; the address must be in the network of the nodes, and this machine needs a route to it',
      ];
    case 'api':
      return wrong.length < results.length
        ? ['other nodes reach it: check the route from the nodes named above, and firewalls on it']
        : [
            'the servers behind controlPlaneEndpoint; with a virtual IP of kboot, on the load balancers: systemctl status keepalived haproxy',
            'kboot status shows whether the control-plane Pods are Ready',
          ];
    case 'cleanup':
      return [
        `kubectl get namespace ${report.namespace} -o yaml shows what blocks its deletion; kubectl delete namespace ${report.namespace}`,
      ];
  }
}

function podsPass(
  { results }: VerifyReport,
  kind: 'pod-udp' | 'pod-tcp',
  family: Family | undefined,
): boolean {
  return results.every((each) => each.kind !== kind || each.family !== family || each.ok);
}

const backendHint: Readonly<Record<VerifyReport['backend'], string>> = {
  vxlan: 'a firewall between the nodes: flannel needs UDP 8472 both ways',
  wireguard: 'a firewall between the nodes: flannel needs UDP 51820 (IPv6: 51821) both ways',
  none: 'a firewall between the nodes: the ports of your CNI must be open both ways',
  'host-gw': 'host-gw needs all nodes in one layer 2 network: ip route on the node',
};

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
