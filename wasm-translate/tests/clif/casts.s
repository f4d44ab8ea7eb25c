  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r8
  movl %esi, %r9d
  movl $0xfffffff8, %r10d
  andl (%r8, %r9), %r10d
  cmpl 0x44(%rdi), %r10d
  jnz #trap=user16
  movq %rsi, %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz     label2; j label1
block1:
  movq %rsi, %rax
  jmp     label3
block2:
  movq 0x38(%rdi), %r9
  movl %esi, %r10d
  movl $0xfffffff8, %r8d
  andl (%r9, %r10), %r8d
  cmpl 0x44(%rdi), %r8d
  jnz #trap=user16
  movq %rsi, %rax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl $0x1, %esi
  jnz #trap=user16
  jmp     label1
block1:
  movq 0x38(%rdi), %r10
  movl %esi, %r11d
  movl $0xfffffff8, %r9d
  andl (%r10, %r11), %r9d
  movl 0x1000000(%r10, %r9, 4), %r10d
  cmpl 0x40(%rdi), %r10d
  jnz #trap=user16
  jmp     label2
block2:
  movq %rsi, %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r9
  movl %esi, %r10d
  movl $0xfffffff8, %r8d
  andl (%r9, %r10), %r8d
  movl 0x1000000(%r9, %r8, 4), %r9d
  cmpl 0x40(%rdi), %r9d
  sete %r10b
  movzbl %r10b, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz     label2; j label1
block1:
  jmp     label5
block2:
  testl $0x1, %esi
  jnz     label3; j label4
block3:
  jmp     label5
block4:
  movq 0x38(%rdi), %rax
  movl %esi, %ecx
  movl $0xfffffff8, %edx
  andl (%rax, %rcx), %edx
  movl 0x100001c(%rax, %rdx, 4), %eax
  cmpl $0x3, %eax
  sete %al
  movzbl %al, %eax
  jmp     label6
block5:
  uninit  %rax
  xorl %eax, %eax
  jmp     label6
block6:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  andl $0x1, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  setne %sil
  movzbl %sil, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r10
  movl %esi, %r11d
  movl $0xfffffff8, %r9d
  andl (%r10, %r11), %r9d
  movl 0x44(%rdi), %eax
  cmpl %eax, %r9d
  jz      label3; j label1
block1:
  jmp     label2
block2:
  uninit  %rax
  xorq %rax, %rax
  movq %rbp, %rsp
  popq %rbp
  retq
block3:
  movq 8(%r10, %r11), %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x18(%rsi), %r8
  movl 8(%r8), %r8d
  cmpl 0x48(%rdi), %r8d
  jnz #trap=user16
  movq %rsi, %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jz #trap=user13
  sarl $1, %esi
  leal 3(%rsi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

