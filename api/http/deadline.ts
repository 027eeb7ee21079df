/**
 * What some work comes to, or `undefined` if that takes too long. The work itself goes on.
 *
 * @param deadline in ms since the epoch
 */
export async function byDeadline<T>(deadline: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), deadline - Date.now());
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
