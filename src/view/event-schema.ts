import * as z from 'zod';
import { errorCodes, type ErrorCode } from '../model/error.ts';
import { planSchema } from '../plan/saved/schema.ts';
import type { Plan } from '../plan/types.ts';
import { securityProfiles } from '../model/security.ts';
import { securityChecks } from '../verify/security/types.ts';
import { checkKinds } from '../verify/types.ts';

const described = <S extends z.ZodType>(description: string, schema: S): S => schema.meta({ description });
const text = (description: string): z.ZodString => described(description, z.string());
const number = (description: string): z.ZodNumber => described(description, z.number());
const flag = (description: string): z.ZodBoolean => described(description, z.boolean());
const list = (description: string): z.ZodArray<z.ZodString> => described(description, z.array(z.string()));

/** One event: its type, its description, and its fields. */
function shape<T extends string, F extends z.ZodRawShape>(
  type: T,
  description: string,
  fields: F,
): z.ZodObject<{ type: z.ZodLiteral<T> } & F, z.core.$strict> {
  const named = { type: z.literal(type), ...fields } as { type: z.ZodLiteral<T> } & F;
  return described(description, z.strictObject(named));
}

const cluster = text('Name of the cluster.');
const host = text('Name of the host.');
const hosts = text('Name of the host; several names are separated by commas.');
const kubernetesVersion = text('Kubernetes version, such as v1.36.2.');
const seconds = number('Duration in seconds.');
const unreachable = list('Hosts that could not be read.');
const code = described(
  'Error code; `kboot explain CODE` describes it.',
  z.enum(Object.keys(errorCodes) as ErrorCode[]),
);

/** What `up` and `reset` report while they apply a plan: ApplyEvent (apply/events.ts), with the id of the step instead of the step. */
const at = number('Milliseconds since the plan began to be applied.');
const phase = text('Id of a phase of the plan event.');
const step = text('Id of a step or gate of the plan event.');
const applyEvents = [
  shape('task', 'A host starts its steps of a phase.', {
    at,
    phase,
    host,
    steps: number('Number of its steps in this phase.'),
  }),
  shape('task-done', 'A host has completed its steps of a phase.', { at, phase, host, seconds }),
  shape('start', 'A step or a gate starts.', { at, step }),
  shape('waiting', 'A step or a gate waits for something that does not hold yet.', {
    at,
    step,
    seen: text('What was observed instead.'),
  }),
  shape('done', 'A step has succeeded, or a gate holds.', { at, step, seconds }),
  shape('failed', 'A step or a gate has failed.', {
    at,
    step,
    message: text('What failed.'),
    detail: text('Last lines of output or of a log; may be empty.'),
  }),
  shape('host-lost', 'The connection to a host was lost.', { at, host, message: text('Why.') }),
  shape('sending', 'A file is on its way to a host: every two seconds, for transfers that take longer.', {
    at,
    host,
    what: text('What is sent, such as `binary /usr/bin/kubectl`.'),
    bytes: number('Bytes that have left.'),
    size: number('Bytes of the file.'),
    bytesPerSecond: number('Bytes per second since the event before.'),
  }),
  shape('notice', 'A host gets or gives files in another way than the plan says.', {
    at,
    host,
    message: text('How, and why.'),
  }),
  shape('files', 'At the end: how files reached the hosts. Only with spec.artifacts.spread or fetch.', {
    at,
    hosts: described(
      'Bytes of files, by host.',
      z.array(
        z.strictObject({
          host,
          operator: number('From the machine that runs kboot, as sent.'),
          hosts: number('From other hosts.'),
          held: number('There before this run.'),
        }),
      ),
    ),
  }),
  shape('skipped', 'A step or a gate was not attempted.', { at, step, why: text('Why not.') }),
  shape('span', 'A task or a gate has ended: how long it took, and what it had waited for.', {
    at,
    id: text('Its id, unique in its run.'),
    phase,
    batch: number('Number of its batch in the phase, from 1 on.'),
    task: number('Number of the task in its batch, from 1 on; absent: a gate.').exactOptional(),
    gate: text('Id of the gate, as in the plan event; absent: a task.').exactOptional(),
    host: text('The host of a task; absent: not on a host.').exactOptional(),
    seconds,
    ending: described(
      'How it ended; cut-off: the run was interrupted.',
      z.enum(['done', 'failed', 'cut-off']),
    ),
    after: text('Id of the span that it waited for last; absent: it waited for nothing.').exactOptional(),
    rule: described(
      'Why it waited for that one: the earlier tasks of its host, the batch before its own, the phases before its phase; a gate also for the tasks of its batch.',
      z.enum(['host', 'batch', 'phase', 'tasks']),
    ).exactOptional(),
  }),
  shape('session', 'The shell in which a host ran its steps has ended.', {
    at,
    host,
    cpuSeconds: number('CPU time of the shell and its commands, user and system.'),
  }),
] as const;

const chainLink = {
  what: text('What it was: the title of a phase, what a gate waited for, or what kboot did before.'),
  phase: phase.exactOptional(),
  host: text('The host; absent: not on a host.').exactOptional(),
  seconds,
  steps: described(
    'Its longest steps, if they explain much of it.',
    z.array(z.strictObject({ what: text('What the step changed.'), seconds })),
  ),
};

/** With `--stats`. */
const stats = shape('stats', 'What a run of `up` cost, with `--stats`, before its summary.', {
  seconds: number('Duration since the command began.'),
  cpuSeconds: number('CPU time of kboot itself, user and system.'),
  hosts: described(
    'Costs of each host that was connected.',
    z.array(
      z.strictObject({
        host,
        connections: number('SSH connections, those of bastions included.'),
        execs: number('Commands that were started.'),
        forwards: number('TCP connections through the host.'),
        bytesUp: number('Bytes sent.'),
        bytesDown: number('Bytes received.'),
        cpuSeconds: number("CPU time of kboot's scripts, without sshd and sudo."),
      }),
    ),
  ),
  chain: described(
    'The longest chain: each link waited for the one before it, and the last one ended last. Links too short to matter are missing.',
    z.array(z.strictObject(chainLink)),
  ),
});

/** The last event of a run: one type, whose fields differ by command. */
const summaries = [
  shape('summary', 'The end of `up` or `reset`, after a plan was applied.', {
    executed: number('Steps that succeeded.'),
    planned: number('Steps in the plan.'),
    failures: described(
      'Errors that ended hosts or the run.',
      z.array(
        z.strictObject({
          host: text('The host; absent: the cluster, or this machine.').optional(),
          step: text('Id of the step or gate that failed, as in the plan event.').optional(),
          code,
          message: text('What failed.'),
        }),
      ),
    ),
    held: list('Hosts that were not attempted, because an earlier one failed.'),
    stoppedAfter: number(
      'Failures after which nothing new was started, because of --fail-fast or --max-failures.',
    ).optional(),
    seconds,
  }),
  shape('summary', 'The end of `up` or `reset`, when there was nothing to do.', {
    changes: described('Always 0.', z.literal(0)),
    unreachable,
    seconds: number('Duration of reading the hosts.').optional(),
  }),
  shape('summary', 'The end of `verify`, after its check events.', {
    cluster,
    kubernetesVersion,
    namespace: text('Namespace that the test Pods ran in.'),
    nodes: number('Nodes of the cluster.'),
    backend: described(
      "Flannel's backend; none: another CNI.",
      z.enum(['vxlan', 'host-gw', 'wireguard', 'none']),
    ),
    notes: list('Limits of the result, such as hosts that were not included.'),
    interrupted: flag('Whether it was interrupted.'),
    seconds,
    passed: number('Checks that passed.'),
    failed: number('Checks that failed.'),
    unreachable: list('Hosts that could not be reached.'),
  }),
  shape('summary', 'The end of `verify --security`, after its security events.', {
    cluster,
    profile: described('What the cluster is.', z.enum(securityProfiles)),
    passed: number('Checks of what the profile promises that passed.'),
    failed: number('Checks of what the profile promises that failed.'),
    unreachable: list('Hosts that could not be reached.'),
  }),
] as const;

const diagnostic = z.strictObject({
  severity: z.enum(['error', 'warning']),
  file: text('The inventory.'),
  line: number('Line, from 1 on.'),
  column: number('Column, from 1 on.'),
  message: text('What is wrong.'),
});

const file = {
  path: text("Path below the bundle's folder."),
  from: text('URL, or reference of an image.'),
};

const pushed = {
  image: text('Reference in the bundle.'),
  to: text('Reference in the registry.'),
};

const stateCopy = { cluster, state: text('The state folder.'), copy: text('The file of its copy.') };
const privateKeys = {
  keys: number('Private keys in the state folder.'),
  encryptedKeys: number('How many of them are encrypted.'),
};
const generation = number('How often the copy was pushed.');

const snapshot = {
  file: text('Path of the snapshot.'),
  size: number('Bytes.'),
  taken: text('When it was written.'),
  ageSeconds: number('Seconds since then.'),
  intact: flag('Whether it ends with its own SHA-256, and is a database of etcd.'),
  cause: described(
    'What made it: `etcd snapshot`, a change of members, an upgrade, `etcd restore --from-survivor`, a host by spec.etcd.backup.',
    z.enum(['manual', 'members', 'upgrade', 'survivor', 'backup', 'unknown']),
  ),
  to: text('The Kubernetes version that the upgrade went to.').exactOptional(),
  revision: number('The last revision of its data.').exactOptional(),
  etcdVersion: text('The oldest etcd among the members.').exactOptional(),
  kubernetesVersion: text('Version of the cluster in it.').exactOptional(),
  members: list('Names of the members at that time.').exactOptional(),
};

const others = [
  shape('error', 'The run ended with an error; nothing follows.', {
    code,
    title: text('The meaning of the code, in one sentence.'),
    message: text('What happened.'),
    host: hosts.optional(),
    step: text('The operation that failed.').optional(),
    detail: text('Last lines of output or of a log.').optional(),
    remedy: text('What to do next.').optional(),
  }),
  shape('plan', 'The plan of `plan`, `plan show`, `drift`, `up` or `reset`.', {
    plan: described('The plan.', planSchema),
  }),
  shape('finding', 'A requirement that a host does not meet.', {
    check: text('Name of the preflight check, such as NumCPU.'),
    level: described('An error stops `up`.', z.enum(['error', 'warning'])),
    host: hosts,
    message: text('What is wrong.'),
    remedy: text('What to do about it.'),
  }),
  shape('saved', '`plan --out` saved the plan.', {
    file: text('Where.'),
    digest: text("The saved plan's digest."),
  }),
  shape('valid', 'The inventory is valid (`validate`).', {
    cluster,
    hosts: number('Number of hosts.'),
    warnings: described('Warnings about the inventory.', z.array(diagnostic)),
  }),
  shape('written', '`init` wrote an inventory.', {
    file: text('Where.'),
    cluster,
    hosts: list('Names of the hosts.'),
    warnings: list('Warnings about the inventory.'),
    from: text('With --from-…: where it comes from.').exactOptional(),
    guesses: list('With --from-…: what was decided although nothing says it.').exactOptional(),
    keys: described(
      'With --from-…: every key that was seen there, and what became of it.',
      z.array(
        z.strictObject({
          key: text('The key; never its value.'),
          file: text('The file that has it.'),
          line: number('Line in it, from 1 on.'),
          column: number('Column in the line, from 1 on.'),
          became: text('The field of the inventory; absent: it was not taken over.').exactOptional(),
          why: text('Why not, or in which way the field differs.').exactOptional(),
        }),
      ),
    ).exactOptional(),
  }),
  shape('adopted', '`adopt` made the state folder from the hosts.', {
    cluster,
    inventory: text('The inventory that was written; absent: it was there.').optional(),
    state: text('The state folder.'),
    clusterId: text("The cluster's ID."),
    written: flag('Whether it was written; false: it was there, and equal.'),
    files: number('Number of certificates and keys.'),
    issued: list('Certificates that no host that was read has, and that were issued.'),
    unreachable: list('Hosts that could not be read.'),
  }),
  shape('rendered', '`render` wrote the files of all hosts.', {
    out: text('The folder.'),
    files: number('Number of files.'),
    leftOut: list('Files that were not written, since they have secrets; relative to the folder.'),
  }),
  shape('support', 'An archive for maintainers was written (`support`).', {
    file: text('The archive.'),
    bytes: number('Its size.'),
    files: list('Files in it, below its folder.'),
    missing: described(
      'What could not be read.',
      z.array(
        z.strictObject({
          what: text('File or folder in the archive, such as hosts/w-1.'),
          why: text('Why not.'),
        }),
      ),
    ),
  }),
  shape('status', 'The state of the cluster (`status`).', {
    cluster,
    kubernetesVersion,
    endpoint: text('URL of the API.'),
    healthy: flag(
      'Whether every host responds, all nodes, control-plane Pods, add-ons and etcd members are healthy, Pods can start on every node, and no certificate expires soon.',
    ),
    hosts: described(
      'Every host of the inventory.',
      z.array(
        z.strictObject({
          name: host,
          roles: list('Roles of the host.'),
          address: text('Address of the node.'),
          reachable: flag('Whether it could be read.'),
          system: text('Distribution, version and architecture; - if the host could not be read.'),
          node: text('Ready, NotReady, or - if there is no such Node.'),
          kubelet: text('Version of the kubelet.'),
          apiServer: text('Version that its API server serves, or -.'),
          etcd: text('Tag in the manifest of its etcd, or -.'),
          notReady: list('Control-plane Pods that are not Ready.'),
          problems: list('Why Pods cannot start on its node, or be reached there.'),
        }),
      ),
    ),
    problems: list('Objects and workloads that the cluster lacks.'),
    warnings: list('What an operator may want, such as a cordoned Node.'),
    api: text('State of the API, in words.'),
    etcd: text('State of etcd, in words.'),
    members: described(
      'Members of etcd.',
      z.array(
        z.strictObject({
          name: text("Name of the member's host, or its peer URL if it never started."),
          role: z.enum(['voting', 'learner']),
          serves: flag('Whether it responds to a linearizable read.'),
          wanted: flag('Whether the inventory has a host for it.'),
        }),
      ),
    ),
    backup: described(
      'Backups of etcd that the hosts take; absent without spec.etcd.backup.',
      z.strictObject({
        taken: text('When the last good one was taken; empty if there is none yet.'),
        ageSeconds: number('Its age.'),
        host: text('The host that has it.'),
        file: text('Its path there.'),
        stored: text('Its URL in S3, or empty.'),
        size: number('Bytes.'),
        problems: described(
          'What failed or is overdue.',
          z.array(z.strictObject({ host, message: text('What happened, and when.') })),
        ),
      }),
    ).exactOptional(),
    stored: described(
      'How etcd holds the objects that are or were encrypted; empty if nothing is.',
      z.array(
        z.strictObject({
          resource: text('secrets or configmaps.'),
          as: text('identity (not encrypted), or provider and key.'),
          count: number('Number of objects.'),
          wanted: flag('Whether the inventory says so.'),
        }),
      ),
    ),
    certificates: described(
      'Certificates in the state folder, and those of kubelets.',
      z.array(
        z.strictObject({
          name: text('Name of the certificate.'),
          expires: text('When it expires.'),
          daysLeft: number('Days until then.'),
        }),
      ),
    ),
  }),
  shape('certificates', 'The certificates of a cluster (`certs`).', {
    cluster,
    warnDays: number('A certificate with fewer days left is running out.'),
    valid: flag('Whether no certificate has expired, is not valid yet, or is running out.'),
    certificates: described(
      'Certificates; a file with several has one entry for each.',
      z.array(
        z.strictObject({
          where: described(
            'Presented in a TLS handshake, in a file of a host, or in the state folder.',
            z.enum(['served', 'file', 'state']),
          ),
          host: text('The host; absent: the state folder.').exactOptional(),
          place: text('Component and port, or path of the file.'),
          role: described('A CA, or a certificate that a CA signed.', z.enum(['ca', 'leaf'])),
          subject: text('Whom it is for.'),
          issuer: text('Who signed it.'),
          notBefore: text('Since when it is valid.'),
          expires: text('When it expires.'),
          daysLeft: number('Whole days until then; negative if it has expired.'),
          condition: z.enum(['valid', 'running-out', 'expired', 'not-yet-valid']),
          fingerprint: text('SHA-256 of the certificate.'),
          file: text('Of a served certificate: the file that it is read from.').exactOptional(),
          differs: flag('Whether that file has another certificate by now.').exactOptional(),
        }),
      ),
    ),
    problems: described(
      'Places where a certificate is expected and could not be read.',
      z.array(
        z.strictObject({
          host: text('The host; absent: the state folder.').exactOptional(),
          place: text('Component and port, or path of the file.'),
          why: text('Why not.'),
        }),
      ),
    ),
    unreachable,
  }),
  shape('check', 'One check of `verify` and its result.', {
    kind: described('What was checked.', z.enum(checkKinds)),
    from: text('Name of a node, or `this machine`.'),
    to: text('A node, a name or an address.'),
    asked: text('The question, in words.'),
    family: described('IP version, if both are checked.', z.literal([4, 6])).exactOptional(),
    ok: flag('Whether it passed.'),
    milliseconds: number('Duration of the last attempt.'),
    attempts: number('Number of attempts.'),
    why: text(
      'Why it failed; for a check that passed on retry, why the first attempt failed.',
    ).exactOptional(),
  }),
  shape('security', 'One check of `verify --security` and its result.', {
    check: described('What was looked at.', z.enum(securityChecks)),
    on: text('Host and server, or `cluster`.'),
    promised: flag('Whether spec.security promises it; if not, it is only shown.'),
    ok: flag('Whether it is so.'),
    found: text('What was found.'),
  }),
  shape('kubeconfig', "The administrator's kubeconfig: it gives full access to the cluster.", {
    cluster,
    kubeconfig: text('The kubeconfig, as YAML.'),
  }),
  shape('merged', '`kubeconfig --merge` wrote the kubeconfig.', {
    file: text('Path of the file with the context.'),
    files: described('Paths of the files that were written.', z.array(z.string())),
    backups: described('Paths of copies of what they were.', z.array(z.string())),
    context: text('Name of the context, which is now the current one.'),
    before: text('Name of the context that was current before; absent: none, or the same.').exactOptional(),
  }),
  shape('lock', 'Nobody holds the lock of the state folder (`unlock`).', {
    cluster,
    held: described('Whether somebody holds it.', z.literal(false)),
  }),
  shape('lock', 'The holder of the lock of the state folder (`unlock`); absent fields are unknown.', {
    cluster,
    held: described('Whether somebody holds it.', z.literal(true)),
    pid: number('Process.').optional(),
    host: text('Machine of the process.').optional(),
    user: text('User of the process.').optional(),
    since: text('When the lock was taken.').optional(),
    command: text('Command line that took it.').optional(),
    process: described(
      'Whether the process runs; unknown: it belongs to another machine.',
      z.enum(['lives', 'gone', 'unknown']),
    ),
    silentSeconds: number('Seconds since its last heartbeat.'),
    freesItself: flag('Whether the next run may take the lock over.'),
  }),
  shape('cluster-lock', 'Nobody holds the lock of the cluster (`unlock`).', {
    cluster,
    held: described('Whether somebody holds it.', z.literal(false)),
  }),
  shape('cluster-lock', 'The holder of the lock of the cluster (`unlock`); absent fields are unknown.', {
    cluster,
    held: described('Whether somebody holds it.', z.literal(true)),
    pid: number('Process.').optional(),
    host: text('Machine of the process.').optional(),
    user: text('User of the process.').optional(),
    since: text('When the lock was taken, by the clock of that machine.').optional(),
    command: text('Command line that took it.').optional(),
    hosts: described('Control planes on which it is held.', z.array(z.string())),
    lease: flag('Whether it is held as Lease kube-system/kboot.'),
    process: described(
      'Whether the run is alive; unknown: it is on another machine and sends no heartbeats.',
      z.enum(['lives', 'gone', 'unknown']),
    ),
    silentSeconds: number('Seconds since its last heartbeat.').optional(),
    freesItself: flag('Whether the next run takes the lock over at once.'),
  }),
  shape('unlocked', '`unlock` has removed a lock.', {
    removed: flag('false: another run had taken over the lock.'),
  }),
  shape('fetching', '`bundle create` begins to fetch a file.', file),
  shape('fetched', 'A file was fetched.', { ...file, size: number('Bytes.') }),
  shape('present', 'A file was already present.', { ...file, size: number('Bytes.') }),
  shape('unfetched', 'A file could not be fetched.', { ...file, message: text('Why.') }),
  shape('pushing', '`bundle push` begins with an image.', pushed),
  shape('pushed', 'The registry has an image.', {
    ...pushed,
    digest: text('Its digest in the registry.'),
    size: number('Bytes of its layers.'),
    sent: number('Bytes of layers that the registry lacked; absent: it had the image.').exactOptional(),
  }),
  shape('bundle-pushed', 'The registry has all images of a bundle (`bundle push`).', {
    directory: text('The bundle.'),
    registry: text('HOST[:PORT][/PATH] of the registry.'),
    pushed: number('Images that it lacked.'),
    present: number('Images that it had.'),
    sent: number('Bytes of layers that it lacked.'),
    unpinned: list(
      'Images whose reference has the digest of an index that the registry does not take, since it has other architectures, too.',
    ),
    spec: described('Fields of `spec` in an inventory with which nodes pull from there.', z.looseObject({})),
  }),
  shape('bundle', 'The index of a bundle (`bundle`).', {
    directory: text('The folder.'),
    apiVersion: described('Version of the format of bundle.json.', z.literal('kboot.dev/v1')),
    kind: described('Always Bundle.', z.literal('Bundle')),
    kubernetesVersion,
    since: described(
      'Of a delta: the bundle that has the files which are not there.',
      z.strictObject({ kubernetesVersion }),
    ).exactOptional(),
    files: described(
      'Release files.',
      z.array(
        z.strictObject({
          path: file.path,
          size: number('Bytes.'),
          sha256: text('SHA-256 of the file.'),
          arch: text('amd64 or arm64.'),
        }),
      ),
    ),
    images: described(
      'Images, each with its archive.',
      z.array(
        z.strictObject({
          ref: text('Reference of the image.'),
          path: file.path,
          arch: text('amd64 or arm64.'),
          digest: text(
            'Digest of the image; archives of `docker save` before Docker 25 have none.',
          ).optional(),
          index: text(
            'Digest of an index in the archive that has the image for its architecture.',
          ).optional(),
        }),
      ),
    ),
    origins: described(
      'Where the files and images are from.',
      z.array(
        z.strictObject({
          path: file.path,
          ref: text('Reference, of an image.').optional(),
          origin: described(
            'official: what kboot.lock.yaml or the catalog has; other: another build of the same name; unknown: neither has it.',
            z.enum(['official', 'other', 'unknown']),
          ),
          digest: text('`sha256:HEX` of what it is, if that is known.').optional(),
          known: text('`sha256:HEX` of what it should be.').optional(),
          by: described('Which of both says so.', z.enum(['lock', 'catalog'])).optional(),
        }),
      ),
    ),
    signedBy: text('Name beside the key that signed it; `verify` with signers.').optional(),
  }),
  shape('lock', 'What kboot.lock.yaml states for a Kubernetes version, and what it stated before (`lock`).', {
    file: text('Path of kboot.lock.yaml.'),
    kubernetesVersion,
    against: text('The Kubernetes version that it is compared with.').optional(),
    source: described(
      'Where that version is: in kboot.lock.yaml, or in the catalog of kboot.',
      z.enum(['lock', 'catalog']),
    ).optional(),
    changes: described(
      'Every difference.',
      z.array(
        z.strictObject({
          kind: described('What differs.', z.enum(['component', 'file', 'image'])),
          name: text('Component; release file and architecture; or reference of an image.'),
          was: text('Version, SHA-256 or digest before.').optional(),
          now: text('Version, SHA-256 or digest now.').optional(),
        }),
      ),
    ),
    notes: list('What the operator should know about the choice of versions.'),
    differs: flag('Whether the file differed.'),
    written: flag('Whether the file was written.'),
  }),
  shape('etcd-members', 'The members of etcd (`etcd members`).', {
    cluster,
    healthy: flag('Whether all of them are healthy.'),
    members: described(
      'Every member, by name.',
      z.array(
        z.strictObject({
          name: text("Name of the member's host, or its peer URL if it never started."),
          id: text('ID, hexadecimal; empty if no member knows it.'),
          wanted: flag('Whether the inventory has a host for it.'),
          learner: flag('Whether it is a learner.'),
          leader: flag('Whether it is the leader.'),
          healthy: flag('Whether it answers a read through the quorum, and has no alarm.'),
          problem: text('Why it is not healthy; empty otherwise.'),
          state: z
            .strictObject({
              version: text('Version of etcd.'),
              dbSize: number('Bytes of its database file.'),
              dbSizeInUse: number('Bytes that are used in it.'),
              raftIndex: number('The last entry of the raft log that it has applied.'),
              raftTerm: number('Term of the cluster.'),
              revision: number('The last revision of its data.'),
            })
            .exactOptional(),
          alarms: list('NOSPACE: it accepts no more writes. CORRUPT: its data differs from that of others.'),
        }),
      ),
    ),
  }),
  shape('etcd-snapshot', 'A snapshot of etcd was taken (`etcd snapshot`).', {
    ...snapshot,
    member: text('The member that it was taken from.'),
  }),
  shape('etcd-snapshots', 'The snapshots in the state folder, and those of spec.etcd.backup (`etcd list`).', {
    folder: text('The folder.'),
    snapshots: described('The newest first.', z.array(z.strictObject(snapshot))),
    onHosts: described(
      'Those that hosts took by themselves, and checked then.',
      z.array(
        z.strictObject({
          host,
          file: text('Its path there.'),
          size: number('Bytes.'),
          taken: text('When it was written.'),
          ageSeconds: number('Seconds since then.'),
        }),
      ),
    ),
  }),
  shape('state-pushed', 'The copy of the state folder is up to date (`state push`).', {
    ...stateCopy,
    written: flag('false: it was already, and its file was not touched.'),
    generation,
    files: number('Files of the state folder in it.'),
  }),
  shape('state-pulled', 'The state folder has what the copy has (`state pull`).', {
    ...stateCopy,
    written: flag('false: it had that already.'),
    generation,
    files: number('Files in the copy.'),
    by: text('Who had pushed it: user@machine.').exactOptional(),
    at: text('When it was pushed (ISO 8601).').exactOptional(),
    kept: text('Folder in the state folder with the files that were overwritten by --force.').exactOptional(),
  }),
  shape('state-rekeyed', 'The private keys in the state folder are as spec.state says (`state rekey`).', {
    ...{ cluster, state: stateCopy.state, ...privateKeys },
    rewritten: number('Private keys that were rewritten.'),
  }),
  shape('state', 'How the state folder, its copy and spec.state compare (`state show`).', {
    ...{ cluster, state: stateCopy.state, ...privateKeys },
    settled: flag('Whether the private keys are encrypted, or not, as spec.state says.'),
    copy: stateCopy.copy.exactOptional(),
    comparison: described(
      'Which of both has changed since the last push or pull; unrelated: this folder was never pushed there.',
      z.enum([
        ...(['absent', 'same', 'folder-changed', 'copy-changed', 'both-changed', 'unrelated'] as const),
        'recipients-changed',
      ]),
    ).exactOptional(),
  }),
  shape('etcd-defragmented', 'A member was looked at by `etcd defrag`.', {
    member: text('Name of its host.'),
    done: flag('false: it would have gained too little.'),
    before: number('Bytes of its database file before.'),
    after: number('Bytes of its database file now.'),
    seconds: number('How long it did not respond.'),
  }),
  shape('etcd-disarmed', 'An alarm was disarmed after `etcd defrag`.', {
    member: text('Name of its host.'),
    alarm: described('The alarm.', z.literal('NOSPACE')),
  }),
  shape('explanation', 'What an error code means (`explain`).', {
    code,
    exit: number('Exit status.'),
    title: text('Its meaning, in one sentence.'),
    cause: text('What happened.'),
    remedy: text('What to do.'),
  }),
  shape('version', 'Versions (`version`).', {
    version: text('Version of kboot.'),
    node: text('Version of Node.js that runs it.'),
    kubernetes: list('Kubernetes versions that it installs, newest first.'),
  }),
  shape('sbom', 'What is in a bundle (`bundle sbom`).', {
    directory: text('The bundle.'),
    sbom: described('An SPDX document.', z.looseObject({})),
  }),
  shape('schema', 'A JSON Schema (`schema`).', {
    name: text('Its subject: inventory, plan or events.'),
    schema: described('The JSON Schema.', z.looseObject({})),
  }),
  shape('completion', 'The completion script of a shell (`completion`).', { script: text('The script.') }),
] as const;

/** Every event of `-o json`, strictly: the contract for readers of stdout. */
export const eventSchema = z.union([...others, ...applyEvents, stats, ...summaries]).meta({
  title: 'kboot event',
  description: 'One line of stdout of a command with -o json. Readers should ignore unknown types.',
});

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;
type Described = Immutable<z.input<typeof eventSchema>>;

/** One line of stdout with `-o json`. */
export type KbootEvent =
  Exclude<Described, { type: 'plan' }> | { readonly type: 'plan'; readonly plan: Plan };

/** The JSON Schema (draft 2020-12) of one event. */
export function eventJsonSchema(): object {
  return z.toJSONSchema(eventSchema, { target: 'draft-2020-12', io: 'input' });
}
