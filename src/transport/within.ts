/**
 * Settles as `task` does, or rejects with `late()` after `ms` milliseconds by this machine's clock. What `task` gives after
 * that goes to `drop`.
 */
export async function within<T>(
  task: Promise<T>,
  ms: number,
  late: () => Error,
  drop: (value: T) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let given = false;
  const clock = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      given = true;
      reject(late());
    }, ms);
  });
  task.then(
    (value) => {
      if (given) drop(value);
    },
    () => undefined,
  );
  try {
    return await Promise.race([task, clock]);
  } finally {
    clearTimeout(timer);
  }
}
