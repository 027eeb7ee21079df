import { SMTPServer } from 'smtp-server';

// Accepts and discards every email.
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, _session, done) {
    stream.resume().once('end', () => done());
  },
});
server.on('error', () => {});
server.listen(Number(process.env.PORT), '127.0.0.1');
