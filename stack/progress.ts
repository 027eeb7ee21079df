/** The progress display of a long step. */
export interface Progress {
  /** Sets the text that the next line shows after the elapsed time. */
  detail(text: string): void;
  end(): void;
}

/** Logs the title, then the elapsed time: every five seconds and at the end. */
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
