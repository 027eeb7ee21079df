/** A long step that shows that it moves. */
export interface Progress {
  /** What it is at right now; shown with the next line. */
  detail(text: string): void;
  end(): void;
}

/** Says what begins, then every five seconds how long it has taken and what it is at. */
export function startProgress(title: string, log: (line: string) => void = () => {}): Progress {
  const start = performance.now();
  let latest = '';
  const show = () => log(`${title}: ${elapsed(start)}${latest && `, ${latest.trim().slice(0, 80)}`}`);
  log(`${title} …`);
  const timer = setInterval(show, 5_000);
  return {
    detail(text) {
      latest = text;
    },
    end() {
      clearInterval(timer);
      log(`${title}: ended after ${elapsed(start)}`);
    },
  };
}

function elapsed(start: number): string {
  const seconds = Math.round((performance.now() - start) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
