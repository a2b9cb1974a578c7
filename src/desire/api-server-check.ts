import type { Cluster } from '../model/cluster.ts';
import { quote, quoteAll } from '../model/shell.ts';
import { extraValue } from './text/args.ts';
import { securityPaths, type SecurityFile } from './text/hardened.ts';
import { paths } from './text/paths.ts';

/** What the API server is told to read last, and never finds: it has accepted everything before. */
const end = '/kboot-end';

/**
 * Flags by which the API server reads one file and then ends: it reads authentication, authorization and the audit policy
 * in this order, then the webhook of the audit log, before it connects to anything (pkg/controlplane/apiserver/config.go).
 */
const reading: Partial<Record<SecurityFile, (path: string) => readonly string[]>> = {
  authentication: (path) => [`--authentication-config=${path}`, `--audit-policy-file=${end}`],
  authorization: (path) => [`--authorization-config=${path}`, `--audit-policy-file=${end}`],
  audit: (path) => [`--audit-policy-file=${path}`, `--audit-webhook-config-file=${end}`],
};

/** Whether the operator has written a file, or a part of it, so that it can be wrong. */
function isStated({ apiServer, security }: Cluster, file: SecurityFile): boolean {
  switch (file) {
    case 'authentication':
      return apiServer.authentication !== undefined;
    case 'authorization':
      return apiServer.authorization !== undefined;
    case 'audit':
      return security.audit.policyFile !== undefined;
    case 'admission':
      return false;
  }
}

/**
 * Shell that has the API server's own program read the file at `$1`, in a container of its image without a network, before
 * an API server that serves would. It fails only for what the program says of the file: a file that it names and that
 * spec.files brings later is no reason. undefined: kboot alone wrote the file.
 */
export function acceptedByApiServer(cluster: Cluster, file: SecurityFile, image: string): string | undefined {
  const flags = reading[file];
  if (flags === undefined || !isStated(cluster, file)) return undefined;
  const { extraArgs } = cluster.apiServer;
  const issuer =
    extraValue(extraArgs, 'service-account-issuer') ??
    `https://kubernetes.default.svc.${cluster.networking.dnsDomain}`;
  const gates = extraValue(extraArgs, 'feature-gates');
  const argv = [
    'kube-apiserver',
    ...['--etcd-servers=http://127.0.0.1:1', '--advertise-address=192.0.2.1'],
    `--service-account-issuer=${issuer}`,
    `--service-account-signing-key-file=${paths.pki}/sa.key`,
    `--service-account-key-file=${paths.pki}/sa.pub`,
    ...(gates === undefined ? [] : [`--feature-gates=${gates}`]),
  ];
  const name = `kboot-check-${file}`;
  const remove = `ctr -n k8s.io tasks delete -f ${name} >/dev/null 2>&1
ctr -n k8s.io containers delete ${name} >/dev/null 2>&1
ctr -n k8s.io snapshots rm ${name} >/dev/null 2>&1`;
  const mount = `type=bind,src=/etc/kubernetes,dst=/etc/kubernetes,options=rbind:ro`;
  return `ctr -n k8s.io images list -q 2>/dev/null | grep -qxF -- ${quote(image)} || return 0
${remove}
kb_now=$(timeout 90 ctr -n k8s.io run --rm --mount ${mount} ${quote(image)} ${name} ${quoteAll(argv)} ${flags('"$1"').join(' ')} 2>&1)
${remove}
case $kb_now in *'open ${end}'* | *'stat ${end}'*) return 0 ;; *'no such file or directory'*) return 0 ;; *'command failed'*) ;; *) return 0 ;; esac
echo 'kube-apiserver does not accept ${securityPaths[file]}:'
printf '%s\\n' "$kb_now" | sed -n '/"command failed"/,$p' | sed -e 's/^.*"command failed" err=//' -e 's/^<$//' -e '/^ *>$/d' -e 's/[.]kboot~//g' | grep .
return 1`;
}
