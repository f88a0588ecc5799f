/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_PASTE_FIXTURES_H
#define TESTS_UNIT_PASTE_FIXTURES_H

#include <stddef.h>

#include "provider/paste.h"

/* Keys for the paste tests and what each is by its look. All are invented. */

/* The setup-token is in four parts, for cuts at 80, 88, 100 columns. */
#define P0 "sk-ant-oat01-799NksnRH9u4cA5Us7d5MlH4UvTC672QCyEZDz41TddJ8HyS5SUkCnD8zRA9a9SkpXz"
#define P1 "9w3QlY7Z"
#define P2 "kuvqdt7s8St8"
#define P3 "8qcbn5AA"
#define TOKEN P0 P1 P2 P3
#define TOKEN2                                                                                     \
	"sk-ant-oat01-11kGD2VD1eR1UYzaL2iA1zNyD7CHLn1xC01hsYgBds1ghxY5OokvQyx57eNWVQ4vnakJkS1p9A"  \
	"WTN3lg8zV75yPU8d0FZAA"
#define API                                                                                        \
	"sk-ant-api03-iY5IPj7CHH8S49_Csi5U5A5vUEwt6wfPWU2p0tGWnUT44M5lJYL5o59w4taqU04EV4RWGc9za_"  \
	"HhwN7JPGEH4l51lzq2LAA"
#define OR "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"
#define PROJ                                                                                       \
	"sk-proj-r0gsPQyaxJHlOXGMY1gNMFW3GNzqgAV7-sURz6gObi0PeJC4LzA6Z4AAhx3pgrj_xbv_CLBusAm7mzlg" \
	"1CG42thrfu5LDOtNHPBtDYePWtLClz7tx3QZoeTp"
/* As long as the real ones, with what they all have in the middle. */
#define OPENAI_WHOLE                                                                               \
	"sk-proj-pTyGJMuHbEL31IeL2HPcHyGcFRl1SPnXNYvMIHa_2o76umfXfKm_r5kJP1VrT-"                   \
	"1FJors_6ILi8T3BlbkFJIHn5kxsC7tVO_HbkQfyy_KV5zjR3j1twdTKWTddB-XhkAS1voQ"                   \
	"G6yyzyN9zHYIa4UOrGNATMuD"
#define AIZA "AIzaAjL-Sc_lz-JMlzr8IDMemaSytMgwQS59FQU"
#define GSK "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"
#define XAI "xai-jqgg4phjFrIIhuDpkKIcGqx8mszJni6pU3IGp4gag8dFYYSKnSVofWkj1qbBzNHhsK4hfQLnopMXYGT0"
#define MISTRAL "d0peMvgcnNXSl0tvfZWDL6lau87AYAcf"
#define ZAI "7454b4667a20f1fa2261bd2b5ff4891e.1YZRLkBy0OY83GtV"
#define DEEP "sk-328776e7f1ccacc27ad909f03fdd9e4a"
#define CSK "csk-8nfwz3csvfrl208phncylyrvjxkowzt5u6mkz7aalgp3qwg9"
#define TGP "tgp_v1_WrG1jQ4ILUNWh__UchpW5Nt6eP9raIsyfYwJELd10kW"
#define HEX64 "fb8a5f1b461595919cb589f6aec38bcacf836ed5a148fd28cbc938e019bb8723"
#define BASE64 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0MTIzNDU2Nzg5MA=="

#define FIREWORKS "fw_KGpOyQNcdOyZbkBFTFoOxtzH"
#define HF "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"
#define NVAPI "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"
#define PPLX "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"
#define VERCEL "vck_A7TPdoE2u6Qe1NBPBTrbEpvpDbnIIAp00zKLMcyKHKi7M07QbbStdd8A"
#define VENICE "vapi_gdmX2sau4rEE7naW8mHDKw3OaWDyyIdYxWDsU78E"
#define CHUTES                                                                                     \
	"cpk_51f7f7c0fa631639aae99aca8f3b30ad.77224d67e803e103337b166af8e49560.XzY3eXwY"           \
	"D9bG56ToaA2iiI4QQHGJIyU6"
#define SYNTHETIC "syn_9c80f1573eea856fe71a08b99454647d"
#define BEDROCK                                                                                    \
	"ABSKDqGsC5IHra8mGXw5zMRl5frPi9NeFsFW5BVI18Ao4eSfi67KClDVwQB9e6k8wmSwk81zG4ExeB"           \
	"t876IroUSqJog95a4gDKbaEgXwZfQ1cSD652OvHjHFFbp4=="
#define ELEVEN "sk_fe1e33fbc729109a6cb24f350209e6174543265c588f612e"
#define KIMI "sk-kimi-O2X0WUUmIbuJnG5HlLB43jU38rDiU2I2MJeWeZsKYzX7sMjqdfbc7wxZugdJFsqX"
#define MINIMAX                                                                                    \
	"sk-api-2kC3E3iO6bftOZ1lIJMF7RvwVs2qEKbQWAS0T1hi0aZTx35qP3kGpsGpL2Yfx1DxOZpl9Cm"           \
	"OrkDtQiKoyCvEU9259X"
#define MINIMAX_PLAN                                                                               \
	"sk-cp-xebXDCchuV0DuNkixRz91tzLXiYrokk4zpavHOXPQnbGi9gKVHijEUfw80MecQept5afS7bv"           \
	"Mp3jfcD8uzhNN3KnQF"
#define QIANFAN "bce-v3/ALTAK-curmIdjh5tYTXMRsSQTEM/a0bff5b65912836ef9394655747d42a655ad912b"
#define SVCACCT                                                                                    \
	"sk-svcacct-75x5ElzLiIWusm0QWlDH3mjry9IwG5J73nYjD1R4CCgPS0qeG9OCtFtoWg2f-pphY3y"           \
	"5dixNYjqaLo57fTRpsOs5J6BOvPM5lh92U5p08sac0VZw2pLhVJs2O"
#define JWT                                                                                        \
	"eyJhbGciOiJSUzI1NiJ9.eyJReYItvoV7QHlkRfNwyHAEVS9QqDHP9pnZC26oYU6HBKTtWvUwE85ym"           \
	"y5YFw5.F98hrD9ug1SLGXuXwvYhw1prf2bMghpglV1FGdlTjgiOFgz1XGxr6FWR9IDTMywhIYoE1qz"           \
	"WPy0o0bdYNCnXYS"
#define DEEPGRAM "6c2f9d02c37744458d540c4d292cf6312de70342"
#define COHERE "N8N6DuK7gnu5KowrMJz5lWoz8BWpVdSVh5tKCbPW"
#define ARK "7f3c1f0e-5b1a-4c2d-9e8f-f05cb07947c8"
#define ADMIN                                                                                      \
	"sk-ant-admin01-TGMElnmjbGMNNeoOJEG5yS5SyIc4oH7dkN32ffKN2ofDyNs7figUlqWQUuMKT4f"           \
	"OREMdkI2GXyozTSrWAA"
#define OPENAI_ADMIN "sk-admin-g3Jb4v7pwOkccOcH7ls9SuS0kygsu1uFrX33f1uwvqx6i9wLrvNYCSy02IzE"
#define REFRESH                                                                                    \
	"sk-ant-ort01-88Up6urCHPMhqQc3KXFQIWxmBG8q1fIyBb1oHvaO9otvzFYdxCjbHQrt1fPMAAWa0"           \
	"Rlc8coMH9ofsPFnxnmOQm3IzOAA"
#define GHP "ghp_wKAUxGLFNPPkbPiARD87QbtmTXkHUzYl71By"
#define GITHUB_PAT                                                                                 \
	"github_pat_qubnLwVRtwnxgwgziLIi4I_f58KdTSBl8xS6xU2uk46UA7YEFCvEolG0kNwQCiC33uv"           \
	"SQoaVXtvuqQakSV"
#define SLACK "xoxb-187847173504-Kn2b2WRQC400sAz6T56RB8WM"
#define STRIPE "sk_live_CIkPgAGYNxcTebhjnMomiaKr"
#define AWS_ID "AKIA3L722EQHBOMH7M2I"
#define YA29                                                                                       \
	"ya29.22zBOZMn2UuQKVSzmir80suYqjQjGR2CrzB3QP2IpHo7joywu0ABROxF6LVtnFxaugD8AJTNB"           \
	"NnEkNwpQ5mdlHsFzGlSOGWn7Xr7ZVFsIOwoiS94IC1jsJhD"

/* What the paste was meant for; ANY: nothing was asked for. */
enum wanted {
	ANY,
	SETUP, /* the setup-token of anthropic; below a provider's first key */
	APIKEY,
	OPENAI,
	OPENROUTER,
	GOOGLE,
	MIST,
	DEEPSEEK,
	ZHIPU,
	TOGETHER,
	GROQ,
	XAI_,
	MOONSHOT,
	KIMI_,
	MINI,
	MINI_CN,
	QWEN,
	BAIDU,
	VOLC,
	FIRE,
	CEREB,
	COHERE_,
	PERPLEX,
	VENICE_,
	SYNTH,
	HUGGING,
	NVIDIA,
	CHUTES_,
	VERCEL_,
	ZEN,
	KILO,
	AWS,
	LITELLM,
	DG,
	LABS,
	WANTED_COUNT
};

/*
 * One paste and what must come out of it. What `out` is, by kind and provider, is said once, in
 * samples[]: every `out` that is not empty stands there.
 */
struct fixture {
	const char *raw;
	enum wanted want;
	enum paste_verdict verdict;
	const char *out; /* exactly; "" when nothing may be kept */
	unsigned steps;
	size_t raw_len; /* 0: strlen */
};

/* A value, and what it is without being told: "" and NULL when its look does not say. */
struct sample {
	const char *value;
	const char *kind;
	const char *provider;
};

struct fixture_set {
	const struct fixture *rows;
	size_t count;
};

extern const struct fixture_set fixtures_pastes, fixtures_sources, fixtures_kinds;

#define N_(text) text, .raw_len = sizeof(text) - 1

#define INV PASTE_INVISIBLE
#define JOIN PASTE_JOINED
#define TRIM PASTE_TRIMMED
#define GAP PASTE_BLANKS
#define ASSIGN PASTE_ASSIGNMENT
#define QUOTE PASTE_QUOTES
#define HEADER PASTE_HEADER
#define JSON PASTE_JSON
#define TWICE PASTE_TWICE
#define PROSE PASTE_PROSE
#define END PASTE_ENDING

#endif
