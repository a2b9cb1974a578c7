/**
 * Shell: where Docker works through the containerd that systemd runs, prints `dockerContainers=N`, those that run
 * under both. A Docker that starts a containerd of its own keeps it elsewhere.
 */
export const dockerQuestion = `if [ "$(systemctl is-active docker containerd 2>/dev/null | grep -cx active)" = 2 ]; then
  echo "dockerContainers=$(ls /run/containerd/io.containerd.runtime.v2.task/moby 2>/dev/null | wc -l)"
fi`;

/** What it printed; null: nothing. */
export function readDocker(value: string | undefined): number | null {
  return value === undefined || value === '' ? null : Number(value);
}
