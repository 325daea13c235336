import { runProcess } from '#libs/runtime';

/** A process that starts like api and worker. It only reports that it started. */
void runProcess(
  {
    name: 'probe',
    portVariable: 'PORT',
    create: () =>
      Promise.resolve({
        close: () => Promise.resolve(),
        closeAllConnections: () => undefined,
        listen: () => {
          process.stdout.write('started\n');
          setInterval(() => undefined, 60_000);
          return Promise.resolve();
        },
      }),
  },
  process.env,
);
