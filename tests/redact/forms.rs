//! In which dress a canary of each kind is planted.

use crate::redact::canary::{Kind, SHAPED};

/// A task's id, which must survive.
pub(crate) const TASK: &str = "11111111-2222-4333-8444-555555555555";

/// Dresses of what betrays itself by its shape.
const ANYWHERE: &[&str] = &[
    "@@",
    "got @@ now",
    "key: (@@)",
    "{'a': '@@', 'b': 1}",
    r#"{'a': "@@", 'b': [1, '@@']}"#,
    r#"answer {"a": {"b": ["@@"]}, "n": 1}"#,
    r#"{"a": "{\"b\": \"@@\"}"}"#,
    r"b'{\'a\': \'@@\'}' was sent",
    r"line\n@@\nin a repr",
    "https://example.com/a/b?x=@@&y=1",
    "Traceback (most recent call last):\n  File \"/app/x.py\", line 3, in f\nValueError: bad @@",
];

/// Dresses of secrets that only their key or place betrays.
const BY_KEY: &[&str] = &[
    "{'password': '@@', 'port': 22}",
    r#"{"a": {"ssh_password": "@@"}}"#,
    r#"{"m": "{\"client_secret\": \"@@\"}"}"#,
    "{'headers': {'apikey': '@@'}}",
    "RUNPOD_API_KEY=@@ python worker.py",
    "Password from RunPod: @@",
    "login --password @@ -v",
    "Authorization: Bearer @@",
    "postgres://worker:@@@db.example.com:5432/postgres",
    "GET https://jane:@@@media.example.com/a",
    "https://b.s3.amazonaws.com/k?X-Amz-Signature=@@&x=1",
    "https://abc.supabase.co/storage/v1/object/sign/u/a.mp4?token=@@",
    "{'private_key': b'@@'}",
    "export SMTP_PASS=@@; DB_PASS='@@' pw=@@",
    "REDIS_PASS: @@",
    "auth: bearer @@",
    "RUNPOD_KEY=@@ SECRET_KEY_BASE=@@ credentials=@@",
    r#"{"env": {"SMTP_PASS": "@@", "pass": "@@", "auth": "@@", "jwt": "@@"}}"#,
    "<password>@@</password>",
    "got password%3D@@%26x%3D1",
    "Authorization: Key @@",
    "> Authorization: Digest username=\"x\", response=\"@@\"",
    "Cookie: theme=\"dark\"; sid=@@",
    "Set-Cookie: sid=\"@@\"; Path=/",
    "connect(password=SecretStr('@@'))",
    "export RUNPOD_API_KEY=$'@@'",
    "token = \"\"\"@@\"\"\"",
    r#"{"secrets": {"runpod": "@@"}, "tokens": ["@@"]}"#,
    "{'password': {'value': '@@'}}",
    "RUNPOD_API_KEY_2=@@ password1: @@",
    "Authorization: Bearer '@@'",
    "curl -H \"Authorization: Basic \"'@@' https://api.example.com/v1/x",
    "Authorization: Key b'@@'",
    "postgresql://worker.abc:@@...",
    "cannot connect to redis://default:@@",
    "  RUNPOD_API_KEY                 = @@",
    "GET /proxy?url=https%3A%2F%2Fa.example.com%2Fb.mp4%3Fsv%3D1%26sig%3D@@%253D 200",
    "got X-Amz-Signature=@@ there",
    "[{'Name': 'API_KEY', 'Value': '@@'}]",
    "RUNPOD_API_KEY_V2=@@ DB_PASSWORD_PROD: @@",
];

/// Dresses of a private key behind the name of a variable.
const ARMOUR: &[&str] = &[
    "RUNPOD_SSH_PRIVATE_KEY=@@",
    "w.py --private-key=@@ -v",
    "SSH_KEY_SECRET := @@",
    "cmd ['docker', '-e', 'RUNPOD_SSH_PRIVATE_KEY=@@', 'x']",
    r#"{"cmd": ["docker", "-e", "RUNPOD_SSH_PRIVATE_KEY=@@"]}"#,
];

/// Dresses of a user's id.
const USER: &[&str] = &[
    "   • User @@: 1 queued, 0 in progress (under limit)",
    "   User @@: 1 queued, 0 in progress (AT LIMIT)",
    "   4. 5c2609e0... | travel_stitch             | user: @@ | created: 09:57:40",
    "user_id=@@ project=3",
    "for user @@ it failed",
    "User ID: @@",
    "{'user_id': '@@', 'n': 1}",
    "{'user_id': UUID('@@')}",
    r#"done {"userId": "@@"}"#,
    r#"done {"a": [{"USER-ID": "@@"}]}"#,
    "user_ids=['@@', '@@']",
    "GET /users/@@/settings",
    "saved https://abc.supabase.co/storage/v1/object/public/image_uploads/@@/x.png",
    "saved https://abc.supabase.co/storage/v1/object/public/image_uploads/@@/tasks/TASK/x.png",
    "Generated upload URL for storage path: @@/tasks/TASK/x.mp4",
    "Max retries exceeded with url: /storage/v1/object/public/image_uploads/@@/x.png (Caused by)",
    "KeyError in image_uploads/@@/thumbnails/x.jpg",
    r"b'{\'user_id\': \'@@\'}'",
    "User `@@`: 3 tasks",
    r#"done {"user": {"id": "@@"}}"#,
    "GET /rest/v1/users?id=eq.@@",
    "where user_id = ANY('{@@}')",
    "where user_id::text = '@@'",
    "where user_id IN ('@@', '@@') or users.id != '@@'",
    "uid=@@ ok",
];

/// Dresses of an address of mail, beside those of everything that has a shape.
const EMAIL: &[&str] = &[
    "from <@@> to nobody",
    "mailto:@@?subject=x",
    r#"{"email": "@@"}"#,
    "{'owner': {'e-mail': '@@'}}",
    "https://app.example.com/login?email=@@",
];

/// Dresses of words that a person wrote.
const WORDS: &[&str] = &[
    "Prompt: @@",
    "HEADLESS: [DEBUG] Negative prompt: @@\n@@",
    "Modified prompt from '@@' to 'In the style of this image, it's @@'",
    "Enhanced prompt for segment 3: @@",
    "Using prompt '@@' now",
    "Request payload: {'output_format': 'jpeg', 'prompt': '@@', 'seed': 1, 'note': '@@'}",
    r#"Request payload: {'prompt': "it's @@", 'image': 'https://example.invalid/s.png'}"#,
    r#"Arguments: {"prompt": "@@ and then it is cu..."#,
    r#"Arguments: {"seed": 1, "negative_prompt": "@@", "resolution": "902x508"}..."#,
    "QUEUE: [TASK_CONVERSION] params: {'base_prompts': ['@@', '@@'], 'orchestrator_details': {'mode': '@@'}}",
    "TaskParams(prompt='@@', negative_prompt=\"@@\", seed=3)",
    r#"escaped {\"prompt\": \"@@\", \"seed\": 3}"#,
    r"b'{\'prompt\': \'@@\'}' was sent",
    "Traceback (most recent call last):\n  File \"/app/x.py\", line 3, in f\nValueError: {'prompt': '@@'}",
    "[tag] {\"prompt\":\"@@\",\"x\":{\"caption\":\"@@\"}}",
    "{'params': {'title': '@@', 'anything': '@@'}}",
    "username: @@",
];

/// Dresses of the name of a file or of a folder of somebody's.
const WORD: &[&str] = &[
    "GENERATION: Output saved to: /workspace/Headless-Wan2GP/outputs/@@.mp4",
    "Uploading 5 bytes (1.41MB) to Supabase storage as my @@ photo.png (type: image/png)",
    "Could not open video with cv2: '/tmp/my @@ film.mp4'",
    r#"{"error": "cannot open \"/inputs/my @@.png\""}"#,
    "Direct upload successful: https://abc.supabase.co/storage/v1/object/public/image_uploads/u/@@.jpeg",
    "Downloading content from: https://d1q.cloudfront.net/predictions/@@/@@.jpeg",
    "Added LoRA: https://huggingface.co/@@/lora/resolve/main/@@.safetensors with strength 1.1",
    "[LORA_DOWNLOAD] Task TASK: Downloaded @@.safetensors",
    "{'filename': '@@.jpeg', 'mode': 'base64'}",
    r#"{"original_filename": "@@", "image_url": "https://x.example.com/@@"}"#,
    "https://app.example.com/shots?search=@@#@@",
    "File \"/home/@@/app.py\", line 1",
    r"No such file: 'C:\\Users\\@@\\x.txt'",
    "Image data:image/png;base64,@@AAAA",
];

/// Dresses of an address of a machine.
const IP: &[&str] = &[
    "💓 HEALTH_CHECK [Worker gpu-20251103_140011-eebf1fce] Testing SSH connectivity to @@:20977",
    "SSH available for gpu-20260105_090000-d156fb82: @@:29608",
    "🔐 SSH_AUTH [Pod lwm18jgu0cmcn1] SSH details obtained - IP: @@, Port: 17321",
    "{'ip': '@@', 'port': 22}",
    "http://@@:8080/health",
    "ssh root@\u{1b}[1m@@\u{1b}[0m -p 22",
    "u=http%3A%2F%2F@@%3A8188%2F",
];

/// Every kind with every dress it has in a sentence.
pub(crate) fn sentences() -> Vec<(Kind, &'static str)> {
    let mut all = Vec::new();
    let mut add = |kind, forms: &[&'static str]| all.extend(forms.iter().map(|form| (kind, *form)));
    SHAPED.into_iter().for_each(|kind| add(kind, ANYWHERE));
    add(Kind::Password, BY_KEY);
    add(Kind::PrivateKey, ARMOUR);
    add(Kind::User, USER);
    add(Kind::Email, ANYWHERE);
    add(Kind::Email, EMAIL);
    add(Kind::Words, WORDS);
    add(Kind::Word, WORD);
    add(Kind::Ip, IP);
    add(Kind::Ip, &ANYWHERE[1..]);
    all
}

/// Documents of a user's request: whatever is not cleared is the user's own.
pub(crate) const PARAMETERS: &[(Kind, &str)] = &[
    (Kind::Words, r#"{"prompt": "@@", "negative_prompt": "@@", "seed": 3}"#),
    (Kind::Words, r#"{"basePrompts": ["@@", "@@"], "ENHANCED-PROMPTS": {"0": "@@"}}"#),
    (Kind::Words, r#"{"base_prompts_expanded": [["@@"], [{"x": "@@"}]]}"#),
    (Kind::Words, r#"{"whatever": "@@", "a": {"b": [{"c": "@@"}]}}"#),
    (
        Kind::Words,
        r#"{"nested": "{\"prompt\": \"@@\", \"deep\": \"{\\\"other\\\": \\\"@@\\\"}\"}"}"#,
    ),
    (Kind::Word, r#"{"orchestrator_details": {"style": "@@", "a": [{"b": "@@"}], "image": "@@"}}"#),
    (
        Kind::Word,
        r#"{"full_orchestrator_payload": {"travel": "@@"}, "originalParams": {"x": ["@@"]}}"#,
    ),
    (Kind::Word, r#"{"image": "@@", "video_path": "a/@@/x.mp4", "original_filename": "@@.PNG"}"#),
    (
        Kind::Word,
        r#"{"image_url": "https://cdn.example.com/@@/@@?sig=@@#@@", "imageUrls": ["https://x.example.com/@@.webp"]}"#,
    ),
    (
        Kind::Word,
        r#"{"loras": [{"path": "https://huggingface.co/@@/x", "name": "@@"}], "additional_loras": {"https://hf.co/@@/y.safetensors": 0.5}}"#,
    ),
    (Kind::Word, r#"{"username": "@@", "shot_name": "@@", "mask": "data:image/png;base64,@@"}"#),
    (Kind::User, r#"{"user_id": "@@", "owner": "@@", "storage_path": "@@/tasks/TASK/x.mp4"}"#),
    (Kind::User, r#"{"userIds": ["@@", "@@"], "users": {"@@": 1}, "image": "@@/upload.png"}"#),
    (Kind::Email, r#"{"contact": "@@", "a": ["@@"], "model": "@@", "run_id": "@@"}"#),
    (Kind::Jwt, r#"{"a": {"b": ["@@"]}, "run_id": "@@"}"#),
    (Kind::Password, r#"{"a": {"api_key": "@@"}, "token": ["@@"]}"#),
    (Kind::Password, r#"{"env": {"DB_PASS": "@@", "pass": "@@", "serviceKey": "@@"}}"#),
    (Kind::Words, "@@"),
    (Kind::Words, r#"{"prompt": "@@ cut"#),
];

/// Documents that machines write.
pub(crate) const DETAILS: &[(Kind, &str)] = &[
    (Kind::User, r#"{"user_id": "@@", "run_type": "api"}"#),
    (
        Kind::User,
        r#"{"output_location": "https://abc.supabase.co/storage/v1/object/public/image_uploads/@@/tasks/TASK/1.jpeg"}"#,
    ),
    (Kind::User, r#"{"created_by": "@@", "error": "for user @@", "deep": {"a": [{"uid": "@@"}]}}"#),
    (Kind::Word, r#"{"filename": "@@.jpeg", "mode": "base64", "location": "/tmp/@@.png"}"#),
    (Kind::Words, r#"{"user_agent": "@@", "url": "https://reigh.example.com/x"}"#),
    (Kind::Word, r#"{"url": "https://reigh.example.com/shots/@@?name=@@"}"#),
    (Kind::Words, r#"{"params": {"prompt": "@@", "x": "@@"}, "payload": "{\"any\": \"@@\"}"}"#),
    (Kind::Words, r#"{"stack": "Error: bad\n    at f (https://x/y.ts:1:2)\nprompt: @@"}"#),
    (
        Kind::Ip,
        r#"{"ssh_details": {"ip": "@@", "port": 34152}, "client_ip": "@@", "note": "at @@"}"#,
    ),
    (Kind::Ip, r#"{"x-real-ip": "@@", "cf-connecting-ip": "@@", "remote_ip": "@@"}"#),
    (Kind::User, r#"{"task_owner": "@@", "projectOwner": "@@"}"#),
    (Kind::Password, r#"{"service": "fal", "key_value": "@@", "apiKeyValue": "@@"}"#),
    (Kind::Password, r#"{"ssh_details": {"password": "@@", "port": 34152}}"#),
    (Kind::Password, r#"{"env": {"DB_PASS": "@@", "credentials": "@@", "auth_key": "@@"}}"#),
    (Kind::Email, r#"{"email": "@@", "text": "ask @@", "@@": 1}"#),
    (Kind::PrivateKey, r#"{"startup_log_tail": "echo @@ > id"}"#),
    (Kind::SupabaseKey, r#"{"env": ["KEY=@@"], "deep": "{\"a\": \"{\\\"b\\\": \\\"@@\\\"}\"}"}"#),
];
