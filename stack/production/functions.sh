# The functions that docs/production.md uses. shop.sh in the shop's folder sets the variables and sources this file.

set -o pipefail
umask 077
export ENV_FILE=$PWD/.env
export XDG_RUNTIME_DIR=/run/user/$UID # systemctl --user needs it; su and sudo do not set it

# Prints the names of all processes, made of kind and port, such as api@5000.
processes() { echo "worker@$WORKER_HEALTH_PORT" && printf 'api@%s\n' $API_PORTS; }

is_running() { pgrep --uid "$UID" --exact --full "crema-$1" > /dev/null; }

start_process() {
  if [ -n "${SYSTEMD:-}" ]; then
    systemctl --user start "crema-$1"
  elif is_running "$1"; then
    echo "$1 runs already: restart or stop it instead." >&2
    return 1
  else
    (cd app && PORT=${1#*@} exec nohup node_modules/.bin/node --title="crema-$1" "${1%@*}/main.ts" < /dev/null >> "../$1.log" 2>&1) &
  fi && ready "$1"
}

# Waits up to a minute until a process is ready, and prints its health.
ready() {
  local second
  for second in {1..60}; do
    curl --silent --fail --max-time 5 "http://127.0.0.1:${1#*@}/health/ready" && echo && return
    sleep 1
    [ -n "${SYSTEMD:-}" ] || is_running "$1" || break
  done
  echo "$1 is not ready. See its log: $([ -n "${SYSTEMD:-}" ] && echo "journalctl --user -u crema-$1" || tail -n 3 "$1.log")" >&2
  return 1
}

# Stops a process, and kills it if it does not end within 45 seconds.
stop_process() {
  local second
  if [ -n "${SYSTEMD:-}" ]; then
    systemctl --user stop "crema-$1"
    return
  fi
  pkill --uid "$UID" --exact --full "crema-$1" || return 0
  for second in {1..45}; do
    is_running "$1" || return 0
    sleep 1
  done
  echo "$1 did not stop within 45 seconds: killing it." >&2
  pkill -KILL --uid "$UID" --exact --full "crema-$1"
}

each() {
  local process
  for process in $(processes); do "$1" "$process" || return; done
}
restart_process() { stop_process "$1" && start_process "$1"; }

start() { each start_process; }
stop() { each stop_process; }
restart() { each restart_process; } # one after the other, so that another API process keeps serving

# All users of a machine can list arguments, so the functions below pass secrets in files, variables and standard input.

# Runs a program such as pg_dump with the database's address and password.
with_database() {
  local url=$DATABASE_URL password
  password=${url#*://*:}
  password=${password%%@*}
  case $url in
    *://*:*@*) PGPASSWORD=$(printf %b "${password//%/\\x}") "$@" --dbname="${url/":$password@"/@}" ;;
    *) "$@" --dbname="$url" ;;
  esac
}

# api <method> <path> [<access token>]: sends standard input as JSON, unless the method is GET.
api() {
  local body=()
  [ "$1" = GET ] || body=(--json @-)
  curl --silent --show-error --fail-with-body --retry 5 --request "$1" "${body[@]}" -H "Idempotency-Key: $(openssl rand -hex 16)" \
    -H @<(printf %s "${3:+Authorization: Bearer $3}") "$PUBLIC_URL$2" && echo
}

# Asks for a password and prints an access token, valid for ten minutes. Uses an authorization code with PKCE, as browsers do.
sign_in() {
  local back=$PUBLIC_URL/docs/oauth2-redirect jar verifier challenge page csrf code password
  read -rsp "The password of $1: " password && echo >&2
  jar=$(mktemp) && verifier=$(openssl rand -hex 32) &&
    challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=') &&
    page=$(curl -sSL -b "$jar" -c "$jar" -w '\n%{url_effective}' -G "$PUBLIC_URL/oauth/authorize" -d response_type=code -d client_id=crema \
      --data-urlencode "redirect_uri=$back" -d code_challenge="$challenge" -d code_challenge_method=S256) &&
    csrf=$(sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' <<< "$page") &&
    code=$(curl -sSL -b "$jar" -c "$jar" -o /dev/null -w '%{url_effective}' "$(tail -n 1 <<< "$page")" -d @<(printf csrf=%s "$csrf") \
      --data-urlencode "email=$1" --data-urlencode password@<(printf %s "$password") | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')
  rm -f "$jar"
  [ -n "$code" ] || { echo "$1 could not sign in: is the password right?" >&2 && return 1; }
  curl -sS --fail-with-body "$PUBLIC_URL/oauth/token" -d grant_type=authorization_code -d client_id=crema \
    --data-urlencode "redirect_uri=$back" -d @<(printf 'code=%s&code_verifier=%s' "$code" "$verifier") | jq -r .access_token
}

# service_token <file>: prints an access token of the service whose credentials are in the file.
service_token() {
  curl -sS --fail-with-body "$PUBLIC_URL/oauth/token" -d grant_type=client_credentials \
    -K <(sed -n -e 's/^client_id *\(.*\)/user = "\1:/p' -e 's/^client_secret *\(.*\)/\1"/p' "$1" | tr -d '\n') | jq -r .access_token
}
