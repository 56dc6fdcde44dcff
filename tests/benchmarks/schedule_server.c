/* An OpenAI-like chat endpoint that answers on an absolute schedule: what tests/benchmarks measures clients against.
 *
 * Usage: schedule_server PORT      (PORT 0: any free one; the port is printed on the first line)
 *
 * The plan of an answer stands in the model's name, like mock-n50-t50-d10: n tokens, the first t milliseconds after
 * the request was read, one each d milliseconds. Tokens that are due together leave together. A request that does not
 * ask for a stream is answered whole, at the instant of its last token. GET /stats tells how late the server itself
 * was (microseconds after the schedule), GET /reset forgets that.
 *
 * One thread, epoll, and one timer per wake-up. Send instants are planned from the instant the request was read, so
 * a late send does not delay those after it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 4096, IN_BYTES = 1 << 20, OUT_BYTES = 1 << 20, LATENESS_US = 100000 };
static const int64_t MS = 1000000;

struct connection {
    int fd;
    char *in;
    int filled;
    int streamed, tokens, said;
    int64_t first_ns, step_ns; /* the plan */
    int64_t read_at;           /* when the request was complete */
    int64_t due;               /* when the next piece leaves; 0: nothing is owed */
};

static struct connection connections[MOST_CONNECTIONS];
static int highest = -1; /* the largest descriptor ever in use */
static int poller, timer;
static char out[OUT_BYTES];
static int out_length;
static uint32_t lateness[LATENESS_US + 1];
static uint64_t sends;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static void say(const char *text) {
    int length = strlen(text);
    if (out_length + length < OUT_BYTES) memcpy(out + out_length, text, length), out_length += length;
}

static void hang_up(struct connection *c) {
    close(c->fd);
    free(c->in);
    memset(c, 0, sizeof *c);
}

/* Blocks where the client does not read: acceptable for a bench, whose client always does. */
static void leave(struct connection *c) {
    for (int done = 0; done < out_length;) {
        ssize_t wrote = send(c->fd, out + done, out_length - done, MSG_NOSIGNAL);
        if (wrote >= 0) done += wrote;
        else if (errno != EAGAIN && errno != EINTR) break;
    }
    out_length = 0;
}

static void say_event(const char *json) {
    char size[24];
    snprintf(size, sizeof size, "%zx\r\n", strlen(json) + 8);
    say(size), say("data: "), say(json), say("\n\n\r\n");
}

static const char *CHUNK =
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":\"bench-1\","
    "\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":%s}]}";

static void say_token(struct connection *c) {
    char delta[64], json[400];
    if (!c->said)
        say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    snprintf(delta, sizeof delta, "\"content\":\"word%d \"", c->said++);
    snprintf(json, sizeof json, CHUNK, delta, "null");
    say_event(json);
}

static void say_end(struct connection *c) {
    char json[400];
    snprintf(json, sizeof json, CHUNK, "", "\"stop\"");
    say_event(json);
    snprintf(json, sizeof json,
             "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":"
             "\"bench-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":%d,\"total_tokens\":%d}}",
             c->tokens, 12 + c->tokens);
    say_event(json), say_event("[DONE]"), say("0\r\n\r\n");
}

static void say_body(const char *body) {
    char head[120];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             strlen(body));
    say(head), say(body);
}

static void say_whole(struct connection *c) {
    static char body[OUT_BYTES / 2];
    int length = sprintf(body, "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1750000000,"
                               "\"model\":\"bench-1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                               "\"content\":\"");
    for (int i = 0; i < c->tokens; i++) length += sprintf(body + length, "word%d ", i);
    sprintf(body + length,
            "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":%d,"
            "\"total_tokens\":%d}}",
            c->tokens, 12 + c->tokens);
    say_body(body);
}

/* Sends all that is due by `now`. */
static void keep_schedule(struct connection *c, int64_t now) {
    int64_t late_us = (now - c->due) / 1000;
    lateness[late_us < 0 ? 0 : late_us > LATENESS_US ? LATENESS_US : late_us]++, sends++;
    if (!c->streamed) {
        say_whole(c), c->due = 0;
    } else {
        do {
            say_token(c);
            c->due = c->read_at + c->first_ns + c->step_ns * c->said;
        } while (c->said < c->tokens && c->due <= now);
        if (c->said >= c->tokens) say_end(c), c->due = 0;
    }
    leave(c);
}

static void read_plan(struct connection *c, const char *body) {
    c->streamed = strstr(body, "\"stream\":true") || strstr(body, "\"stream\": true");
    c->tokens = 50, c->first_ns = 0, c->step_ns = 0, c->said = 0;
    const char *plan = strstr(body, "mock-");
    for (const char *at = plan ? plan + 5 : ""; *at && *at != '"'; at++) {
        if (*at == 'n') c->tokens = atoi(at + 1);
        if (*at == 't') c->first_ns = atol(at + 1) * MS;
        if (*at == 'd') c->step_ns = atol(at + 1) * MS;
    }
    c->tokens = c->tokens < 1 ? 1 : c->tokens > 2000 ? 2000 : c->tokens;
    c->due = c->read_at + c->first_ns + (c->streamed ? 0 : c->step_ns * (c->tokens - 1));
}

static uint64_t percentile(double part) {
    uint64_t wanted = sends * part, seen = 0;
    for (int us = 0; us <= LATENESS_US; us++)
        if ((seen += lateness[us]) > wanted) return us;
    return 0;
}

static void answer_get(struct connection *c, const char *head) {
    char body[160] = "{}";
    if (!strncmp(head, "GET /stats", 10))
        snprintf(body, sizeof body, "{\"sends\":%lu,\"late_us_p50\":%lu,\"late_us_p99\":%lu}", (unsigned long)sends,
                 (unsigned long)percentile(0.5), (unsigned long)percentile(0.99));
    if (!strncmp(head, "GET /reset", 10)) memset(lateness, 0, sizeof lateness), sends = 0;
    say_body(body), leave(c);
}

/* Answers what has been read, if it is a whole request. */
static void take_requests(struct connection *c) {
    while (!c->due && c->filled > 0) {
        c->in[c->filled] = 0;
        char *end = strstr(c->in, "\r\n\r\n");
        if (!end) return;
        long length = 0;
        for (char *line = c->in; line < end; line = strstr(line, "\r\n") + 2)
            if (!strncasecmp(line, "content-length:", 15)) length = atol(line + 15);
        int whole = end + 4 - c->in + length;
        if (length < 0 || whole >= IN_BYTES) { hang_up(c); return; }
        if (c->filled < whole) return;
        char kept = c->in[whole];
        c->in[whole] = 0;
        c->read_at = now_ns();
        if (!strncmp(c->in, "GET ", 4)) answer_get(c, c->in);
        else read_plan(c, end + 4);
        c->in[whole] = kept;
        memmove(c->in, c->in + whole, c->filled -= whole);
        if (c->due && c->due <= c->read_at) {
            c->due = c->read_at;
            keep_schedule(c, c->read_at);
        }
    }
}

static void take_bytes(struct connection *c) {
    ssize_t got = recv(c->fd, c->in + c->filled, IN_BYTES - 1 - c->filled, 0);
    if (got > 0) c->filled += got, take_requests(c);
    else if (got == 0 || errno != EAGAIN) hang_up(c);
}

static void accept_all(int listener) {
    int fd, yes = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MOST_CONNECTIONS) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        connections[fd] = (struct connection){.fd = fd, .in = malloc(IN_BYTES)};
        highest = fd > highest ? fd : highest;
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
    }
}

/* Sends what is due and sets the timer to the next due instant. */
static void tick(void) {
    int64_t next;
    do {
        int64_t now = now_ns();
        next = 0;
        for (int fd = 0; fd <= highest; fd++) {
            struct connection *c = &connections[fd];
            if (c->due && c->due <= now) {
                keep_schedule(c, now_ns());
                if (!c->due && c->in) take_requests(c);
            }
            if (c->due && (!next || c->due < next)) next = c->due;
        }
    } while (next && next <= now_ns());
    struct itimerspec wake = {.it_value = {.tv_sec = next / (1000 * MS), .tv_nsec = next % (1000 * MS)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &wake, NULL);
}

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) {
        perror("schedule_server");
        exit(1);
    }
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(count > 1 ? atoi(arguments[1]) : 0);
    poller = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    for (int i = 0; i < 2; i++) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = i ? timer : listener};
        epoll_ctl(poller, EPOLL_CTL_ADD, wanted.data.fd, &wanted);
    }
    for (struct epoll_event came[256];;) {
        int events = epoll_wait(poller, came, 256, -1);
        for (int i = 0; i < events; i++) {
            int fd = came[i].data.fd;
            uint64_t expired;
            if (fd == listener) accept_all(listener);
            else if (fd == timer) { if (read(timer, &expired, sizeof expired) < 0) continue; }
            else if (connections[fd].in) take_bytes(&connections[fd]);
        }
        tick();
    }
}
