/**
 * Shell script: if Docker uses the containerd that systemd runs, prints `dockerContainers=N`, the number of its
 * running containers. A Docker that starts its own containerd keeps its state elsewhere.
 */
export const dockerQuestion = `if [ "$(systemctl is-active docker containerd 2>/dev/null | grep -cx active)" = 2 ]; then
  echo "dockerContainers=$(ls /run/containerd/io.containerd.runtime.v2.task/moby 2>/dev/null | wc -l)"
fi`;

/** Parses its output; null: it printed nothing. */
export function readDocker(value: string | undefined): number | null {
  return value === undefined || value === '' ? null : Number(value);
}
